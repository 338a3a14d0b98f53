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
        caption=f"Accuracy and macro F1, from 0 to 1, and kappa, up to 1, of every experiment at image level "
        f"(test: {n}): one dot for each seed with its 95 % interval, a bar for the mean over seeds{diamond}.",
        alt="Dot charts of accuracy, macro F1 and kappa of every experiment with intervals. Table I holds the same "
        "numbers, but for linear kappa, which results/tables/metrics.html has.",
    )


def outline(path: str | Path) -> HtmlFigure:
    """The outline of the method."""
    return figure(
        path,
        caption="Outline of the method: the stages of the workflow that this run's configuration uses, in their own "
        "words, each with the folders of results that later stages read of it.",
        alt="Flow diagram from reports and images over labels, cohort, matching and split to the methods, their "
        "evaluation, figures and this report. The files of rules/ that it was read from name every rule.",
    )


def roc(path: str | Path, *, n: str) -> HtmlFigure:
    """ROC curves of all experiments; `n` says what they were measured on."""
    return figure(
        path,
        caption=f"ROC curves of the first seed at exam level (test: {n}), each class against the others, with the area "
        "under each: sensitivity over 1 − specificity, shares from 0 to 1.",
        alt="For each experiment a chart of ROC curves, one for each class. The areas at image level, with intervals, "
        "stand in the table of classes.",
    )


def reliability(path: str | Path, *, n: str) -> HtmlFigure:
    """Reliability diagrams of all experiments; `n` says what they were measured on."""
    return figure(
        path,
        caption=f"Reliability of the first seed on the test images ({n}): the share that is right by the probability "
        "of the predicted class, in tenths from 0 to 1, and how many images are in each.",
        alt="For each experiment a line chart of the share of right answers by probability, and a bar chart of the "
        "counts. Log loss and Brier score in results/metrics say the same in one number.",
    )


def subgroups(path: str | Path, *, n: str) -> HtmlFigure:
    """Parts of the test set, of an experiment whose name is that of the file; `n` says what it was measured on."""
    name = Path(path).stem
    return figure(
        path,
        caption=f"{name} on parts of the test set ({n}), first seed: accuracy, balanced accuracy and quadratic kappa "
        "with 95 % intervals; dashed: the whole test set; open: fewer than 30 patients.",
        alt=f"Dot charts with intervals of measures of {name} by device, view, side, age, year and format. "
        f"results/metrics/subgroups/{name}.tsv holds the numbers.",
    )


def mistakes(path: str | Path, *, n: str) -> HtmlFigure:
    """Confident mistakes of an experiment, whose name is that of the file; `n` says what they were chosen from."""
    name = Path(path).stem
    return figure(
        path,
        caption=f"Confident mistakes of {name} among the test images ({n}) of the first seed: label, what was said, "
        "and the probability of each class from 0 to 1, that of the label hatched.",
        alt=f"Mammograms that {name} told wrongly, below each a bar chart of the probabilities of the classes. The "
        "confusion matrix holds the counts.",
    )


def embeddings(path: str | Path) -> HtmlFigure:
    """Map of embeddings; the file's name is that of the recipe, its folder's that of the encoder."""
    encoder, recipe = Path(path).parent.name, Path(path).stem
    return figure(
        path,
        caption=f"Embeddings by encoder {encoder} of the pictures of recipe {recipe}: the two first principal "
        "components, by class and by device; n in the legends. Development images only.",
        alt="Two scatter plots of the same points, one marked by class and one by device, as far as two of many "
        "dimensions show them.",
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


def explanations(path: str | Path) -> HtmlFigure:
    """Grad-CAM of an experiment, whose name is that of the file."""
    name = Path(path).stem
    return figure(
        path,
        caption=f"Grad-CAM of {name}: a row for each class, at the left test images that it told rightly, at the right "
        "those that it told wrongly; below each what it said and the probability, from 0 to 1. Colour and line show "
        "where the score of what it said is sensitive, as shares of the largest value of each map.",
        alt=f"Mammograms in grey under coloured maps, by class, rightly and wrongly told by {name}. The confusion "
        "matrix holds the counts.",
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
