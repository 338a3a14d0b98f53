"""Tiny untrained models in exactly the layout of the real ones, for trying the workflow without their weights."""

import io
import json
import re
from pathlib import Path

import sentencepiece
import timm
import torch
from timm.models import save_for_hf
from transformers import BertConfig, BertTokenizerFast, MarianConfig, MarianMTModel

TEXT_MODEL = "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# As published with BiomedCLIP, but for the towers' sizes.
OPEN_CLIP_CONFIG = {
    "model_cfg": {
        "embed_dim": 64,
        "vision_cfg": {
            "timm_model_name": "test_vit",
            "timm_model_pretrained": False,
            "timm_pool": "",
            "timm_proj": "linear",
            "image_size": 160,
        },
        "text_cfg": {
            "hf_model_name": TEXT_MODEL,
            "hf_tokenizer_name": TEXT_MODEL,
            "hf_proj_type": "mlp",
            "hf_pooler_type": "cls_last_hidden_state_pooler",
            "context_length": 256,
        },
    },
    "preprocess_cfg": {
        "mean": [0.48145466, 0.4578275, 0.40821073],
        "std": [0.26862954, 0.26130258, 0.27577711],
    },
}
# As published with opus-mt-es-en, but for the sizes.
MARIAN_CONFIG = {
    "activation_function": "swish",
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 512,
    "scale_embedding": True,
    "eos_token_id": 0,
    "forced_eos_token_id": 0,
}
_PIECES = 400  # at most, of each sentencepiece model
# Spread of the untrained weights, so that different sentences become different vectors or translations; and how much
# likelier the end of a translation is made, so that some end.
_SPREAD, _END = 0.5, 8.0


def make_encoder(folder: Path, *, sentences: list[str], seed: int = 0) -> None:
    """Write a snapshot in BiomedCLIP's layout: configuration, weights, tokenizer, text tower's configuration.

    Parameters
    ----------
    folder
        Where its files go.
    sentences
        What the tokenizer's vocabulary is made of.
    seed
        Of the weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _make_tokenizer(folder, sentences)
    text = BertConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=_SPREAD,
    )
    text.save_pretrained(folder)
    (folder / "open_clip_config.json").write_text(json.dumps(OPEN_CLIP_CONFIG, indent=2) + "\n")
    torch.save(_untrained_clip(folder, seed), folder / "open_clip_pytorch_model.bin")


def make_network(folder: Path, *, model: str = "test_convnext", seed: int = 0) -> None:
    """Write a tiny network, a ConvNeXt by default, as timm publishes them: config.json and model.safetensors."""
    torch.manual_seed(seed)
    network = timm.create_model(model, pretrained=False)
    folder.mkdir(parents=True, exist_ok=True)
    save_for_hf(network, str(folder), safe_serialization=True)


def make_translator(folder: Path, *, sentences: list[str], seed: int = 0) -> None:
    """Write a snapshot in the layout of opus-mt-es-en: configurations, weights, two sentencepiece models, vocabulary.

    Parameters
    ----------
    folder
        Where its files go.
    sentences
        What the sentencepiece models are made of; both are the same here.
    seed
        Of the weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _make_pieces(folder, sentences)
    pad = vocabulary - 1  # it also starts every translation
    config = MarianConfig(
        vocab_size=vocabulary, pad_token_id=pad, decoder_start_token_id=pad, init_std=_SPREAD, **MARIAN_CONFIG
    )
    torch.manual_seed(seed)
    model = MarianMTModel(config)
    model.final_logits_bias[0, model.config.eos_token_id] = _END
    config.architectures = ["MarianMTModel"]
    config.save_pretrained(folder)
    settings = model.generation_config
    settings.num_beams, settings.max_length, settings.bad_words_ids, settings.renormalize_logits = 4, 512, [[pad]], True
    settings.save_pretrained(folder)
    # Places are computed where the model is loaded, and no published snapshot holds them.
    weights = {name: tensor for name, tensor in model.state_dict().items() if "embed_positions" not in name}
    torch.save(weights, folder / "pytorch_model.bin")


def _make_pieces(folder: Path, sentences: list[str]) -> int:
    """Write source.spm, target.spm and what belongs to them; gives the size of the vocabulary."""
    trained = io.BytesIO()
    # One thread, so that the same sentences give the same bytes.
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=trained,
        vocab_size=_PIECES,
        hard_vocab_limit=False,
        character_coverage=1.0,
        num_threads=1,
        minloglevel=2,
    )
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes(trained.getvalue())
    model = sentencepiece.SentencePieceProcessor(model_proto=trained.getvalue())
    special = ["</s>", "<unk>"]
    pieces = [model.id_to_piece(place) for place in range(model.get_piece_size())]
    pieces = [*special, *(piece for piece in pieces if piece not in (*special, "<s>")), "<pad>"]
    vocabulary = {piece: place for place, piece in enumerate(pieces)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"source_lang": "es", "target_lang": "en"}\n')
    return len(pieces)


def _make_tokenizer(folder: Path, sentences: list[str]) -> int:
    """Write a WordPiece tokenizer of the sentences' words and letters; gives the size of its vocabulary.

    Not trained: a trainer numbers equally frequent pieces differently from run to run.
    """
    words = sorted({word for sentence in sentences for word in re.findall(r"\w+|[^\w\s]", sentence.lower())})
    letters = sorted({letter for word in words for letter in word})
    pieces = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters)]
    pieces += [word for word in words if word not in letters]
    tokenizer = BertTokenizerFast(vocab={piece: place for place, piece in enumerate(pieces)}, model_max_length=512)
    if len(tokenizer) != len(pieces):
        raise RuntimeError(f"the tokenizer took {len(tokenizer)} of {len(pieces)} pieces")
    tokenizer.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    return len(pieces)


def _untrained_clip(folder: Path, seed: int) -> dict[str, torch.Tensor]:
    from open_clip.model import CustomTextCLIP

    torch.manual_seed(seed)
    config = OPEN_CLIP_CONFIG["model_cfg"]
    assert isinstance(config, dict)
    text_cfg = config["text_cfg"] | {"hf_model_name": str(folder.absolute()), "hf_model_pretrained": False}
    return CustomTextCLIP(config["embed_dim"], config["vision_cfg"], text_cfg).state_dict()
