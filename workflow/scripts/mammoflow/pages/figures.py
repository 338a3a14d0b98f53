"""The figures of the report page, with captions and with words for those who cannot see them."""

from pathlib import Path

from mammoflow.pages.html import HtmlFigure, figure


def flow(path: str) -> HtmlFigure:
    """The path of the data."""
    return figure(
        path,
        caption="The path of the data, from the files found to the subsets, in numbers of files, exams and images. "
        "What was left out stands on the right.",
        alt="Flow diagram with the counts of files, exams, labelled images and subsets. The tables below and under "
        "“Train, validation and test” hold the same counts.",
    )


def classes(path: str) -> HtmlFigure:
    """Classes by subset."""
    return figure(
        path,
        caption="Numbers of images and of patients of each class in each subset of the first seed.",
        alt="Bar charts of the images and of the patients of each class in train, validation, test and unused. The "
        "table below holds the same counts.",
    )


def matching(path: str) -> HtmlFigure:
    """Samples and intensities of a recipe, whose name is that of the file."""
    recipe = Path(path).stem
    return figure(
        path,
        caption=f"Recipe {recipe}: sample pictures before and after matching, with device and class, and the "
        "intensities of each device, as percent of foreground pixels. Development images only; n in the legend.",
        alt=f"Two rows of eight mammograms at most, before and after matching by recipe {recipe}, and two line charts "
        "of the distribution of foreground intensities, one line for each device.",
    )


def brightness(path: str | Path) -> HtmlFigure:
    """Bright tissue by class of a recipe, whose name is that of the file."""
    recipe = Path(path).stem
    return figure(
        path,
        caption=f"Recipe {recipe}: share of each breast that is bright, by class and device, in percent of its pixels, "
        "before and after matching. Development images only; a mark is an image, a bar the mean of a class.",
        alt=f"Two charts of the share of bright pixels of every image by class, before and after matching by recipe "
        f"{recipe}. The table of shares of bright tissue holds the means.",
    )


def forest(path: str, *, n: str, published: bool) -> HtmlFigure:
    """All experiments side by side; `n` says what they were measured on, `published` whether the paper's are shown."""
    diamond = ", an open diamond for the published value, measured on other patients" if published else ""
    return figure(
        path,
        caption=f"Accuracy and macro F1, from 0 to 1, of every experiment at image level (test: {n}): "
        "one dot for each seed with its 95 % "
        f"interval, a bar for the mean over seeds{diamond}.",
        alt="Dot charts of accuracy and macro F1 of every experiment with intervals. Table I holds the same numbers.",
    )


def confusion(path: str, *, n: str) -> HtmlFigure:
    """The confusion matrix of an experiment, whose name is that of the file; `n` says what it was measured on."""
    name = Path(path).stem
    return figure(
        path,
        caption=f"Confusion matrix of {name} on the test images ({n}): counts of images summed over seeds, and "
        "shares of each row in percent.",
        alt=f"Confusion matrix of {name}, labels as rows and predictions as columns. The recall in the table of "
        "classes is the share on its diagonal, for one seed.",
    )


def training(path: str) -> HtmlFigure:
    """Learning curves of an experiment, whose name is that of the file."""
    name = Path(path).stem
    return figure(
        path,
        caption=f"Learning curves of {name} by epoch: mean cross-entropy of an image in nats, and accuracy from 0 to "
        "1; one line for each seed; the marker is the epoch whose weights were kept.",
        alt=f"Line charts of training and validation loss and of validation accuracy of {name} over the epochs.",
    )


def few_shot(path: str | Path) -> HtmlFigure:
    """Measures by the number of images a class that was trained on."""
    return figure(
        path,
        caption="Balanced accuracy and macro AUROC on the test images, from 0 to 1, by the number of training images a "
        "class, whose axis is logarithmic: subsets grow within one another, and are drawn anew for each seed. "
        "Zero-shot experiments, which are trained on none, are lines across.",
        alt="Line charts of balanced accuracy and macro AUROC over the number of training images a class. The tables "
        "results/metrics/shots/{experiment}.tsv hold the numbers with their intervals.",
    )


def similarity(path: str | Path) -> HtmlFigure:
    """Mutual similarity of the prompts of an encoder, whose name is that of the file."""
    encoder = Path(path).stem
    return figure(
        path,
        caption=f"Encoder {encoder}: cosines between the sentences, or the classes, of each prompt set. Classes whose "
        "sentences are nearly the same to the encoder, with cosines near 1, can hardly be told apart by them.",
        alt=f"For each prompt set a square of the cosines between its texts, as encoder {encoder} embeds them.",
    )
