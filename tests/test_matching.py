"""What the ways of matching do to pictures of two devices, and the tables that are kept of them."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file
from skimage.exposure import match_histograms

from mammoflow import drawing, intensity, matching, tables, tone
from mammoflow.errors import UserError
from mammoflow.pictures import Picture
from mammoflow.recipes import Recipe

RECIPES = {
    way: Recipe(tone="stored_range", matching=way, crop="none", longest_side=64)
    for way in ("none", "image", "device", "clahe")
}


def picture(rng, *, dense, gain=1.0, bits=12, voi=None):
    """A breast of which the share `dense` is bright, on a device of this gain."""
    inside = np.zeros((64, 48), bool)
    inside[8:56, :40] = True
    bright = inside & (rng.random(inside.shape) < dense)
    values = np.where(bright, 3000, 1000) + rng.integers(-200, 200, inside.shape)
    pixels = np.where(inside, (values * gain).clip(1, 2**bits - 1), 0).astype(np.uint16)
    return Picture(pixels, intensity.histogram(pixels, bits=bits), voi)


@pytest.fixture
def made():
    rng = np.random.default_rng(0)
    gains = {"one": 1.0, "two": 0.6}
    labels = [("ad"[n % 2], ("one", "two")[n // 2 % 2]) for n in range(40)]
    return {
        f"i{n:02}": picture(rng, dense=0.2 if label == "a" else 0.8, gain=gains[device])
        for n, (label, device) in enumerate(labels)
    }


@pytest.fixture
def development(made):
    rows = [
        {"image_id": one, "exam_id": "e", "patient_id": "p", "device": ("one", "two")[n // 2 % 2], "label": "ad"[n % 2]}
        for n, one in enumerate(made)
    ]
    return tables.frame_of(rows, tables.LABELLED_IMAGES).assign(bits_stored=12)


def fit(recipe, development, made):
    def read(image):
        table, used = tone.of(made[image].histogram, made[image].voi, tone=recipe.tone)
        return tone.toned(made[image].histogram, table), used

    return matching.fit(recipe, development, read, progress=lambda rows: rows)


def bright_share(pixels):
    return (pixels > 30000).sum() / (pixels > 0).sum()


def test_image_matching_erases_the_share_of_bright_tissue(development, made):
    fitted = fit(RECIPES["image"], development, made)
    shares = [bright_share(drawing.render(one, fitted, "one")) for one in made.values()]
    assert max(shares) - min(shares) < 0.02


def test_device_matching_joins_devices_and_keeps_classes(development, made):
    fitted = fit(RECIPES["device"], development, made)
    assert fitted.accounts["n_images"].tolist() == [20, 20]
    assert fitted.accounts["status"].tolist() == ["matched", "matched"]
    shares = {}
    for row in development.to_dict("records"):
        pixels = drawing.render(made[row["image_id"]], fitted, row["device"])
        shares.setdefault((row["device"], row["label"]), []).append(bright_share(pixels))
    mean = {key: np.mean(own) for key, own in shares.items()}
    assert abs(mean["one", "a"] - mean["two", "a"]) < 0.03
    assert abs(mean["one", "d"] - mean["two", "d"]) < 0.03
    assert mean["one", "d"] - mean["one", "a"] > 0.5


@pytest.mark.parametrize("way", ["stored_range", "percentile", "voi"])
def test_matching_to_a_named_image_is_scikit_images_on_the_foreground(development, made, way):
    window = (np.clip(np.arange(4096) - 700, 0, 2500) * 26).astype(np.uint16)
    made = {name: replace(one, voi=window) for name, one in made.items()}
    fitted = fit(replace(RECIPES["image"], tone=way, reference="i05"), development, made)
    source, reference = made["i02"], made["i05"]
    toned = [tone.of(one.histogram, one.voi, tone=way)[0][one.pixels[one.pixels > 0]] for one in (source, reference)]
    applied = fitted.of(source, "one")
    expected = np.rint(match_histograms(*toned)).astype(np.uint16)
    np.testing.assert_array_equal(applied.table[source.pixels[source.pixels > 0]], expected)
    assert (applied.tone, applied.matching, applied.table[0]) == (way, "image", 0)


def test_no_matching_is_the_tone_alone(development, made):
    for way in ("none", "clahe"):
        fitted = fit(RECIPES[way], development, made)
        assert (len(fitted.accounts), fitted.arrays) == (0, {})
        np.testing.assert_array_equal(fitted.of(made["i00"], "one").table, tone.stored_range(4096))
    rendered = drawing.render(made["i00"], fit(RECIPES["none"], development, made), "one")
    np.testing.assert_array_equal(rendered, tone.stored_range(4096)[made["i00"].pixels])


def test_windows_that_lack_are_counted(development, made):
    window = tone.stored_range(4096)[::-1].copy()
    made = {name: replace(one, voi=window) if name > "i03" else one for name, one in made.items()}
    for way, expected in (("image", [4]), ("device", [2, 2])):
        fitted = fit(replace(RECIPES[way], tone="voi"), development, made)
        assert fitted.accounts["n_fallback"].tolist() == expected
    assert fitted.of(made["i00"], "one").tone == "stored_range"
    assert fitted.of(made["i09"], "one").tone == "voi"


def confounded(*, seed=0):
    """Two devices of one tone curve, of which one sees mostly fatty breasts and the other mostly dense ones."""
    rng = np.random.default_rng(seed)
    mixes = {"one": dict(zip("abcd", (60, 40, 20, 10), strict=True))}
    mixes["two"] = dict(zip("abcd", (10, 20, 40, 60), strict=True))
    rows, histograms = [], {}
    levels = np.arange(1024)
    for device, mix in mixes.items():
        for label, n in mix.items():
            for _ in range(n):
                share = rng.normal({"a": 0.1, "b": 0.3, "c": 0.55, "d": 0.8}[label], 0.03)
                fat, gland = rng.normal(300, 8), rng.normal(740, 8)
                shape = (1 - share) * np.exp(-(((levels - fat) / 60) ** 2)) + share * np.exp(
                    -(((levels - gland) / 60) ** 2)
                )
                shape[0] = 0
                image = f"i{len(rows):03}"
                histograms[image] = np.rint(1e6 * shape / shape.sum()).astype(np.int64)
                rows.append({"image_id": image, "exam_id": "e", "patient_id": "p", "device": device, "label": label})
    return tables.frame_of(rows, tables.LABELLED_IMAGES).assign(bits_stored=10), histograms


def shares_of_bright_tissue(pooling):
    """Mean share above half-way between fat and gland, by device and class, after matching by device."""
    development, histograms = confounded()
    pictures = {one: Picture(np.zeros((1, 1), np.uint16), counts) for one, counts in histograms.items()}
    fitted = fit(replace(RECIPES["device"], pooling=pooling), development, pictures)
    shares = {}
    for row in development.to_dict("records"):
        table, counts = fitted.of(pictures[row["image_id"]], row["device"]).table, histograms[row["image_id"]]
        shares.setdefault((row["device"], row["label"]), []).append(
            counts[table > 65535 * 520 / 1023].sum() / counts.sum()
        )
    return {key: np.mean(own) for key, own in shares.items()}


def test_class_weighted_pooling_keeps_the_class_signal_where_devices_see_other_classes():
    shares = shares_of_bright_tissue("class_weighted")
    for label in "abcd":
        assert abs(shares["one", label] - shares["two", label]) < 0.02
    plain = shares_of_bright_tissue("plain")
    assert max(abs(plain["one", label] - plain["two", label]) for label in "abcd") > 0.1


def test_a_device_of_too_few_images_is_left_unmatched_and_named(development, made):
    few = development.drop(development[(development["device"] == "two") & (development["label"] == "d")].index[2:])
    fitted = fit(RECIPES["device"], few, made)
    account = fitted.accounts.set_index("device").loc["two"]
    assert (account["status"], account["reason"], account["tensor"]) == ("unmatched", "too_few_images", "")
    applied = fitted.of(made["i02"], "two")
    assert applied.matching == "none"
    np.testing.assert_array_equal(applied.table, tone.stored_range(4096))
    fewer = replace(RECIPES["device"], device_min_images=2)
    assert set(fit(fewer, few, made).accounts["status"]) == {"matched"}


def test_a_device_that_lacks_a_class_is_left_unmatched_though_it_has_most_images(development, made):
    mostly = development.drop(development[(development["device"] == "one") & (development["label"] == "d")].index)
    fitted = fit(replace(RECIPES["device"], device_min_images=1), mostly, made)
    assert fitted.accounts.set_index("device")["status"].to_dict() == {"one": "unmatched", "two": "matched"}


def test_devices_alone_or_none_at_all_can_be_fitted(development, made):
    none = fit(replace(RECIPES["device"], device_min_images=1000), development, made)
    assert (set(none.accounts["status"]), none.arrays) == ({"unmatched"}, {})
    one = fit(RECIPES["device"], development[development["device"] == "one"], made)
    # A device matched to itself keeps the values that it has.
    own = made["i00"].pixels[made["i00"].pixels > 0]
    np.testing.assert_allclose(one.of(made["i00"], "one").table[own].astype(int), tone.stored_range(4096)[own], atol=1)


def test_bit_depths_of_a_device_have_tables_of_their_own(development, made):
    mixed = development.assign(bits_stored=[12 if n < 20 else 14 for n in range(40)])
    deep = {name: picture(np.random.default_rng(5), dense=0.5, bits=14) for name in mixed["image_id"][20:]}
    fitted = fit(RECIPES["device"], mixed, made | deep)
    assert sorted(fitted.arrays) == ["one|12", "one|14", "two|12", "two|14"]


def test_the_class_mix_of_devices_shows_what_they_lack(development):
    few = development[(development["device"] == "one") | (development["label"] == "a")]
    mix = matching.class_mix(few).set_index(["device", "label"])["n_images"].to_dict()
    assert mix == {("one", "a"): 10, ("one", "d"): 10, ("two", "a"): 10, ("two", "d"): 0}


def test_a_device_unseen_in_development_stops_or_stays_as_it_is(development, made):
    labelled = development.assign(device=["three" if n < 3 else one for n, one in enumerate(development["device"])])
    fitted = fit(RECIPES["device"], development, made)
    assert matching.check_devices("mine", fitted, development) == 0
    with pytest.raises(UserError, match=r"recipes\.mine\.unseen_device is 'stop', and 3 labelled images .* identity"):
        matching.check_devices("mine", fitted, labelled)
    lenient = replace(fitted, recipe=replace(fitted.recipe, unseen_device="identity"))
    assert matching.check_devices("mine", lenient, labelled) == 3
    np.testing.assert_array_equal(lenient.of(made["i00"], "three").table, tone.stored_range(4096))
    # Another bit depth of a device that is known is unseen, too.
    with pytest.raises(UserError, match="40 labelled images"):
        matching.check_devices("mine", fitted, development.assign(bits_stored=14))
    assert matching.check_devices("mine", fit(RECIPES["image"], development, made), labelled) == 0


@pytest.mark.parametrize("way", ["image", "device"])
def test_a_fit_gives_the_same_tables_again(development, made, way):
    fitted = fit(RECIPES[way], development, made)
    again = fit(RECIPES[way], development, made)
    assert fitted.accounts["sha256"].tolist() == again.accounts["sha256"].tolist()
    assert all(len(one) == 64 for one in fitted.accounts["sha256"])


def test_development_images_are_of_kept_classes_and_not_held_out():
    labelled = tables.frame_of(
        [
            {"image_id": f"i{n}", "exam_id": "e", "patient_id": f"p{n}", "label": "abcd"[n % 4], "device": "x"}
            for n in range(8)
        ],
        tables.LABELLED_IMAGES,
    )
    test_patients = tables.frame_of(
        [{"patient_id": f"p{n}", "unit": "patient", "held_out": "test" if n > 5 else "development"} for n in range(8)],
        tables.TEST_PATIENTS,
    )
    classes = tables.frame_of(
        [
            {"position": 0, "label": "a", "kept_as": "", "status": "dropped"},
            {"position": 1, "label": "b", "kept_as": "b", "status": "kept"},
            {"position": 2, "label": "c", "kept_as": "c+d", "status": "merged"},
            {"position": 3, "label": "d", "kept_as": "c+d", "status": "merged"},
        ],
        tables.CLASSES,
    )
    images = tables.frame_of(
        [{"image_id": f"i{n}", "bits_stored": 12, "status": "accepted"} for n in range(9)], tables.IMAGES
    )
    found = matching.development_images(labelled, test_patients, classes, images)
    assert dict(zip(found["image_id"], found["label"], strict=True)) == {
        "i1": "b",
        "i2": "c+d",
        "i3": "c+d",
        "i5": "b",
    }
    assert set(found["bits_stored"]) == {12}


@pytest.mark.parametrize(
    ("unit", "ids"), [("patient", ("p1", "p2")), ("exam", ("e1", "e2")), ("image", ("good", "held"))]
)
def test_a_reference_must_be_an_accepted_image_that_is_not_held_out(unit, ids):
    images = tables.frame_of(
        [
            {"image_id": "good", "exam_id": "e1", "patient_id": "p1", "status": "accepted"},
            {"image_id": "bad", "exam_id": "e1", "patient_id": "p1", "status": "excluded"},
            {"image_id": "held", "exam_id": "e2", "patient_id": "p2", "status": "accepted"},
        ],
        tables.IMAGES,
    )
    held = tables.frame_of(
        [
            {"patient_id": ids[0], "unit": unit, "held_out": "development"},
            {"patient_id": ids[1], "unit": unit, "held_out": "test"},
        ],
        tables.TEST_PATIENTS,
    )
    matching.check_reference("mine", RECIPES["image"], images, held)
    matching.check_reference("mine", replace(RECIPES["image"], reference="good"), images, held)
    for wrong in ("bad", "held", "absent"):
        with pytest.raises(UserError, match=rf"config: recipes\.mine\.reference is '{wrong}'; allowed: "):
            matching.check_reference("mine", replace(RECIPES["image"], reference=wrong), images, held)


@pytest.mark.parametrize("way", ["image", "device"])
def test_frozen_tables_serve_again_and_damage_is_found(development, made, way, tmp_path):
    fitted = fit(RECIPES[way], development, made)
    save_file(fitted.arrays, tmp_path / "tables.safetensors")
    tables.write(fitted.accounts, tmp_path / "tables.tsv", tables.MATCHING)

    def thaw(recipe):
        accounts = tables.read(tmp_path / "tables.tsv", tables.MATCHING)
        return matching.frozen("mine", recipe, accounts, matching.load(tmp_path / "tables.safetensors"))

    again = thaw(RECIPES[way])
    np.testing.assert_array_equal(again.of(made["i03"], "two").table, fitted.of(made["i03"], "two").table)
    other = RECIPES["device" if way == "image" else "image"]
    with pytest.raises(UserError, match=rf"frozen holds tables for matching {way}"):
        thaw(other)
    with pytest.raises(UserError, match="frozen holds tables for tone stored_range"):
        thaw(replace(RECIPES[way], tone="percentile"))
    arrays = {name: array.copy() for name, array in fitted.arrays.items()}
    next(iter(arrays.values())).flat[100] += 1
    save_file(arrays, tmp_path / "tables.safetensors")
    with pytest.raises(UserError, match="damaged, or of another run"):
        thaw(RECIPES[way])
    (tmp_path / "tables.safetensors").write_bytes((tmp_path / "tables.safetensors").read_bytes()[:100])
    with pytest.raises(UserError, match="is damaged"):
        thaw(RECIPES[way])
