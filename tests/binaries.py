"""What a shared library says of itself: its exports, what it needs, its signature; of Linux, macOS and Windows."""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

_ELF_DYNAMIC_SYMBOLS, _ELF_VERSION_NEEDS = 11, 0x6FFFFFFE
_MACH_SYMBOLS, _MACH_SIGNATURE, _MACH_BUILD_VERSION = 0x2, 0x1D, 0x32
_MACH_EXTERNAL, _MACH_IN_SECTION, _MACH_TYPE = 0x01, 0x0E, 0x0E
_SIGNATURE_MAGIC, _CODE_DIRECTORY_MAGIC = 0xFADE0CC0, 0xFADE0C02


@dataclass(frozen=True)
class Library:
    """One shared library."""

    machine: str
    exports: frozenset[str]
    oldest: str
    """The oldest libc or system that it runs on; empty where it asks for none."""
    is_signed: bool
    """It carries a signature whose hashes are those of its pages."""


def read_library(path: Path) -> Library:
    """Reads the library's own tables.

    Raises:
        ValueError: it is of no known kind.
    """
    binary = path.read_bytes()
    if binary.startswith(b"\x7fELF\x02\x01"):
        return _read_elf(binary)
    if binary.startswith(b"\xcf\xfa\xed\xfe"):
        return _read_mach(binary)
    if binary.startswith(b"MZ"):
        return _read_pe(binary)
    raise ValueError(path)


def _text(binary: bytes, start: int) -> str:
    return binary[start : binary.index(b"\0", start)].decode()


def _read_elf(binary: bytes) -> Library:
    (machine,) = struct.unpack_from("<H", binary, 18)
    (table,) = struct.unpack_from("<Q", binary, 40)
    size, count = struct.unpack_from("<HH", binary, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", binary, table + size * index) for index in range(count)]
    exports, versions = set(), []
    for _, kind, _, _, offset, length, link, entries, _, _ in sections:
        names = sections[link][4] if link < count else 0
        if kind == _ELF_DYNAMIC_SYMBOLS:
            for start in range(offset, offset + length, 24):
                name, info, _, section = struct.unpack_from("<IBBH", binary, start)
                if section and info >> 4 == 1:
                    exports.add(_text(binary, names + name))
        elif kind == _ELF_VERSION_NEEDS:
            start = offset
            for _ in range(entries):
                _, needed, _, first, following = struct.unpack_from("<HHIII", binary, start)
                own = start + first
                for _ in range(needed):
                    _, _, _, name, step = struct.unpack_from("<IHHII", binary, own)
                    versions.append(_text(binary, names + name))
                    own += step
                start += following
    newest = max(versions, key=lambda name: [int(part) for part in name.split("_")[1].split(".")], default="")
    return Library({62: "x86_64", 183: "aarch64"}[machine], frozenset(exports), newest, is_signed=False)


def _read_mach(binary: bytes) -> Library:
    machine, _, _, commands = struct.unpack_from("<IIII", binary, 4)
    exports, oldest, is_signed, start = set(), "", False, 32
    for _ in range(commands):
        kind, size = struct.unpack_from("<II", binary, start)
        if kind == _MACH_SYMBOLS:
            table, count, names, _ = struct.unpack_from("<IIII", binary, start + 8)
            for at in range(table, table + 16 * count, 16):
                name, type_, _, _, _ = struct.unpack_from("<IBBHQ", binary, at)
                if type_ & _MACH_EXTERNAL and type_ & _MACH_TYPE == _MACH_IN_SECTION:
                    exports.add(_text(binary, names + name).removeprefix("_"))
        elif kind == _MACH_BUILD_VERSION:
            (version,) = struct.unpack_from("<I", binary, start + 12)
            oldest = f"{version >> 16}.{version >> 8 & 0xFF}"
        elif kind == _MACH_SIGNATURE:
            is_signed = _has_true_signature(binary, struct.unpack_from("<I", binary, start + 8)[0])
        start += size
    return Library({0x01000007: "x86_64", 0x0100000C: "arm64"}[machine], frozenset(exports), oldest, is_signed)


def _has_true_signature(binary: bytes, start: int) -> bool:
    magic, _, count = struct.unpack_from(">III", binary, start)
    found = False
    for index in range(count if magic == _SIGNATURE_MAGIC else 0):
        directory = start + struct.unpack_from(">II", binary, start + 12 + 8 * index)[1]
        if struct.unpack_from(">I", binary, directory)[0] != _CODE_DIRECTORY_MAGIC:
            continue
        hashes, _, _, slots, limit = struct.unpack_from(">IIIII", binary, directory + 16)
        hash_size, page_bits = binary[directory + 36], binary[directory + 39]
        for slot in range(slots):
            page = binary[slot << page_bits : min((slot + 1) << page_bits, limit)]
            own = directory + hashes + slot * hash_size
            if hashlib.sha256(page).digest()[:hash_size] != binary[own : own + hash_size]:
                return False
        found = True
    return found


def _read_pe(binary: bytes) -> Library:
    (header,) = struct.unpack_from("<I", binary, 0x3C)
    machine, sections, _, _, _, optional = struct.unpack_from("<HHIIIH", binary, header + 4)
    major, minor = struct.unpack_from("<HH", binary, header + 24 + 48)
    (exported,) = struct.unpack_from("<I", binary, header + 24 + 112)
    rows: list[tuple[bytes, int, int, int, int]] = [
        struct.unpack_from("<8sIIII", binary, header + 24 + optional + 40 * index) for index in range(sections)
    ]

    def place(address: int) -> int:
        return next(
            address - start + raw
            for _, size, start, raw_size, raw in rows
            if start <= address < start + max(size, raw_size)
        )

    directory = place(exported)
    (count,) = struct.unpack_from("<I", binary, directory + 24)
    (names,) = struct.unpack_from("<I", binary, directory + 32)
    addresses = struct.unpack_from(f"<{count}I", binary, place(names))
    exports = frozenset(_text(binary, place(address)) for address in addresses)
    return Library({0x8664: "x86_64", 0xAA64: "arm64"}[machine], exports, f"Windows {major}.{minor}", is_signed=False)
