"""What Windows and macOS ask a program for: its version, and why it wants the camera and the microphone."""

from __future__ import annotations

NAME = "Motionscope"
DESCRIPTION = "Live head pose and facial motion from a webcam"
LICENCE = "GPL-3.0"

INFO_PLIST = {
    "CFBundleDisplayName": NAME,
    "NSCameraUsageDescription": "Motionscope measures the motion of the face that your camera sees. "
    "Pictures stay on this computer unless you record or send them.",
    "NSMicrophoneUsageDescription": "Motionscope records sound beside the video when you switch that on.",
    "NSHighResolutionCapable": True,
    "LSApplicationCategoryType": "public.app-category.video",
}
"""macOS ends a program that asks for the camera or the microphone without these sentences."""


def version_resource(version: str) -> str:
    """Windows' version resource as PyInstaller reads it from a file: of ``version``, three numbers with dots."""
    numbers = (*(int(part) for part in version.split(".")), 0)
    strings = {
        "FileDescription": DESCRIPTION,
        "FileVersion": version,
        "InternalName": NAME.lower(),
        "LegalCopyright": LICENCE,
        "OriginalFilename": f"{NAME.lower()}.exe",
        "ProductName": NAME,
        "ProductVersion": version,
    }
    pairs = ", ".join(f"StringStruct({key!r}, {value!r})" for key, value in strings.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}), kids=["
        f"StringFileInfo([StringTable('040904B0', [{pairs}])]), VarFileInfo([VarStruct('Translation', [1033, 1200])])])"
    )
