"""Transfer syntaxes that mammograms are written in."""

from dataclasses import dataclass

from pydicom import uid

from mammoflow.dicom.refusals import Refused


@dataclass(frozen=True)
class Syntax:
    """How a file's data set and pixels are written.

    `codec` is native, or the family of the compressed pixels: rle, jpeg, jpegls, jpeg2000 or htj2k. A `lossy` codec may
    exceed the stored range a little.
    """

    uid: str
    codec: str
    lossy: bool = False
    implicit: bool = False
    little: bool = True
    deflated: bool = False


_SYNTAXES = (
    Syntax(uid.ImplicitVRLittleEndian, "native", implicit=True),
    Syntax(uid.ExplicitVRLittleEndian, "native"),
    Syntax(uid.ExplicitVRBigEndian, "native", little=False),
    Syntax(uid.DeflatedExplicitVRLittleEndian, "native", deflated=True),
    Syntax(uid.RLELossless, "rle"),
    Syntax(uid.JPEGBaseline8Bit, "jpeg", lossy=True),
    Syntax(uid.JPEGExtended12Bit, "jpeg", lossy=True),
    Syntax(uid.JPEGLossless, "jpeg"),
    Syntax(uid.JPEGLosslessSV1, "jpeg"),
    Syntax(uid.JPEGLSLossless, "jpegls"),
    Syntax(uid.JPEGLSNearLossless, "jpegls", lossy=True),
    Syntax(uid.JPEG2000Lossless, "jpeg2000"),
    Syntax(uid.JPEG2000, "jpeg2000", lossy=True),
    Syntax(uid.HTJ2KLossless, "htj2k"),
    Syntax(uid.HTJ2KLosslessRPCL, "htj2k"),
    Syntax(uid.HTJ2K, "htj2k", lossy=True),
)
_BY_UID = {str(syntax.uid): syntax for syntax in _SYNTAXES}


def of(transfer_syntax: str) -> Syntax:
    """The syntax of this UID; one of pixels that nothing here decodes, such as a video, has the codec "".

    Raises
    ------
    Refused
        If it is no UID of a public transfer syntax: nobody knows how the data set is written.
    """
    if transfer_syntax in _BY_UID:
        return _BY_UID[transfer_syntax]
    known = uid.UID(transfer_syntax)
    if known.type != "Transfer Syntax":
        raise Refused("quarantined", "bad_header", "TransferSyntaxUID")
    return Syntax(transfer_syntax, "", deflated=known.is_deflated)
