"""Phantoms in the layout of mini-MIAS: films of 8 bits, two a woman, and the list that says what is on them."""

import numpy as np
from PIL import Image

from mammoflow.demo import phantoms

# Tissue as the list writes it, and the share of it that the phantom shows.
TISSUE = {"F": 0.08, "G": 0.35, "D": 0.70}


def mini_mias(root, *, pairs, seed=0):
    """A folder with Info.txt and the right and the left breast of `pairs` women, whose tissues take turns."""
    rng = np.random.default_rng(seed)
    root.mkdir(parents=True)
    lines = ["INFORMATION: films of phantoms", ""]
    for pair in range(pairs):
        tissue, body = list(TISSUE)[pair % len(TISSUE)], phantoms.Body.draw(rng)
        for number, side in ((2 * pair + 1, "R"), (2 * pair + 2, "L")):
            drawn = phantoms.render(body, share=TISSUE[tissue], laterality=side, view="MLO", rng=rng)
            pixels = np.clip(np.rint(255 * drawn.signal), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / f"mdb{number:03d}.pgm")
            lines.append(f"mdb{number:03d} {tissue} NORM")
    (root / "Info.txt").write_text("\n".join(lines) + "\n")
    return root
