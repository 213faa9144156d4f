"""The error tree, drawn once.

Every refusal that a person can meet is one of these. The text is one clear sentence (what is
wrong, where, what was expected, what to do); the class decides the HTTP status (``api/errors.py``)
and the exit code of the training program.

    DermaScanError
    ├── NotFound                 there is no such dataset, job, model, image, upload or account
    │   └── Gone                 it was there; its time is over, or it became part of a dataset
    ├── Conflict                 right request, wrong moment (name in use, job already over)
    │   └── Busy                 another request is writing to the same thing at this moment
    ├── InvalidInput             a field or a file is not what it must be
    │   ├── UnusableDataset      the images or tables cannot be trained on
    │   ├── UnsafeArchive        an archive breaks a rule of safe unpacking
    │   └── ChecksumMismatch     bytes that arrived are not those that were sent
    ├── TooLarge                 over a limit that can be set
    ├── StorageFull              the disk has no room
    ├── NotSignedIn              nobody is signed in and the request is not local
    ├── NotAllowed               signed in (or local), but not for this
    ├── TooManyRequests          too many failures in too short a time
    ├── WeightsUnavailable       pretrained weights were asked for and cannot be had
    ├── OutOfMemory              the device ran out of memory
    └── LeaseLost                a worker that lost its lease tried to write
"""

from __future__ import annotations


class DermaScanError(Exception):
    """Base of all refusals.

    Args:
        message: one sentence a researcher understands.
        where: optional place of the fault, such as ``{"file": "metadata.csv", "row": 12}``.
    """

    code = "error"

    def __init__(self, message: str, **where: str | int) -> None:
        super().__init__(message)
        self.message = message
        self.where = where


class NotFound(DermaScanError):
    code = "not_found"


class Gone(NotFound):
    code = "gone"


class Conflict(DermaScanError):
    code = "conflict"


class Busy(Conflict):
    code = "busy"


class InvalidInput(DermaScanError):
    code = "invalid_input"


class UnusableDataset(InvalidInput):
    code = "unusable_dataset"


class UnsafeArchive(InvalidInput):
    code = "unsafe_archive"


class ChecksumMismatch(InvalidInput):
    code = "checksum_mismatch"


class TooLarge(DermaScanError):
    code = "too_large"


class StorageFull(DermaScanError):
    code = "storage_full"


class NotSignedIn(DermaScanError):
    code = "not_signed_in"


class NotAllowed(DermaScanError):
    code = "not_allowed"


class TooManyRequests(DermaScanError):
    """``where["retry_after"]`` is the number of seconds to wait."""

    code = "too_many_requests"


class WeightsUnavailable(DermaScanError):
    code = "weights_unavailable"


class OutOfMemory(DermaScanError):
    code = "out_of_memory"


class LeaseLost(DermaScanError):
    code = "lease_lost"
