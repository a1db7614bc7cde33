//! Opens files that this user made, and nothing else.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// Opens a regular file of the effective user, with mode 0600 if that makes it.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] where there is something else: a link, a pipe, a directory, the
/// file of somebody else. None of them is followed or waited for.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<(File, Metadata)> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = options.mode(0o600).custom_flags(flags).open(path).map_err(|error| {
        let odd = [Errno::LOOP, Errno::NXIO, Errno::ISDIR].map(Errno::raw_os_error);
        if error.raw_os_error().is_some_and(|code| odd.contains(&code)) { foreign() } else { error }
    })?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(foreign());
    }
    Ok((file, metadata))
}

fn foreign() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a regular file of this user")
}
