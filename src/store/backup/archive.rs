//! The file of a backup: a plain tar archive (POSIX.1-1988 ustar), so that anybody can look into it, whose last member
//! `checksum` has the BLAKE3 of everything in front of it in hexadecimal.
//!
//! It knows members, not what they mean. Reading trusts nothing before the checksum has been seen.

use std::io::{self, Read, Write};

const BLOCK: usize = 512;
const CHECKSUM: &str = "checksum";
const NAME_BYTES_MAX: usize = 100;

/// Writes an archive member by member.
pub struct Writer<W> {
    out: W,
    hash: blake3::Hasher,
    written: u64,
}

impl<W: Write> Writer<W> {
    pub fn new(out: W) -> Self {
        Self { out, hash: blake3::Hasher::new(), written: 0 }
    }

    /// A member of exactly `size` bytes.
    pub fn member(&mut self, name: &str, size: u64, content: &mut dyn Read) -> io::Result<()> {
        self.put(&header(name, size)?)?;
        let mut left = size;
        let mut buffer = vec![0; 64 * 1024];
        while left > 0 {
            let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            content.read_exact(&mut buffer[..most])?;
            self.put(&buffer[..most])?;
            left -= most as u64;
        }
        self.put(&[0; BLOCK][..padding(size)])
    }

    /// Writes the checksum and the end; what was written, and the length of all of it.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        let sum = self.hash.finalize().to_hex();
        self.member(CHECKSUM, sum.len() as u64, &mut sum.as_bytes())?;
        self.put(&[0; 2 * BLOCK])?;
        self.out.flush()?;
        Ok((self.out, self.written))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

/// What is done with each member: its name, its size, its bytes.
pub type Each<'a> = dyn FnMut(&str, u64, &mut dyn Read) -> io::Result<()> + 'a;

/// Reads a whole archive. What `each` doesn't read of a member is read all the same; an error of kind `InvalidData` when
/// the archive isn't whole.
pub fn read(input: impl Read, each: &mut Each<'_>) -> io::Result<()> {
    let mut input = Hashing { input, hash: blake3::Hasher::new() };
    loop {
        let sum = input.hash.finalize().to_hex();
        let mut block = [0; BLOCK];
        input.read_exact(&mut block).map_err(cut_off)?;
        let (name, size) = parse(&block).ok_or_else(damaged)?;
        let mut content = (&mut input).take(size);
        if name == CHECKSUM {
            let mut said = String::new();
            content.read_to_string(&mut said)?;
            return if said == sum.as_str() { Ok(()) } else { Err(damaged()) };
        }
        each(&name, size, &mut content)?;
        io::copy(&mut content, &mut io::sink())?;
        if content.limit() > 0 {
            return Err(cut_off(io::ErrorKind::UnexpectedEof.into()));
        }
        input.read_exact(&mut [0; BLOCK][..padding(size)]).map_err(cut_off)?;
    }
}

struct Hashing<R> {
    input: R,
    hash: blake3::Hasher,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}

fn cut_off(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::new(io::ErrorKind::InvalidData, "it is cut off"),
        _ => error,
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is damaged, or no backup")
}

fn padding(size: u64) -> usize {
    (size.next_multiple_of(BLOCK as u64) - size) as usize
}

/// Field, offset and content of what is the same for every member; the rest stays zero.
fn header(name: &str, size: u64) -> io::Result<[u8; BLOCK]> {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
    let size = format!("{size:011o}");
    if name.len() > NAME_BYTES_MAX || size.len() > 11 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no such member fits into an archive"));
    }
    put(0, name);
    put(100, "0000600");
    put(108, "0000000");
    put(116, "0000000");
    put(124, &size);
    put(136, "00000000000");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\0");
    put(263, "00");
    let sum = format!("{:06o}\0 ", sum(&block));
    block[148..156].copy_from_slice(sum.as_bytes());
    Ok(block)
}

fn sum(block: &[u8; BLOCK]) -> u64 {
    block.iter().map(|byte| u64::from(*byte)).sum()
}

/// Name and size, of a header as we write it.
fn parse(block: &[u8; BLOCK]) -> Option<(String, u64)> {
    let name = block[..NAME_BYTES_MAX].split(|byte| *byte == 0).next()?;
    let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
    let size = std::str::from_utf8(&block[124..135]).ok()?;
    let size = u64::from_str_radix(size, 8).ok()?;
    (header(name, size).ok()? == *block).then(|| (name.to_owned(), size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive() -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        writer.member("a.json", 2, &mut &b"{}"[..]).unwrap();
        writer.member("empty", 0, &mut io::empty()).unwrap();
        writer.member("big", 1300, &mut io::repeat(7)).unwrap();
        writer.finish().unwrap().0
    }

    fn members(bytes: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut found = Vec::new();
        read(bytes, &mut |name, _, content| {
            let mut all = Vec::new();
            content.read_to_end(&mut all)?;
            found.push((name.to_owned(), all));
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn what_was_written_is_read() {
        let expected = [("a.json", b"{}".to_vec()), ("empty", vec![]), ("big", vec![7; 1300])];
        assert_eq!(members(&archive()).unwrap(), expected.map(|(name, bytes)| (name.to_owned(), bytes)));
        // Members that nobody reads count, too.
        read(archive().as_slice(), &mut |_, _, _| Ok(())).unwrap();
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let whole = archive();
        // Behind the checksum nothing counts: padding and end.
        let counts = whole.len() - 2 * BLOCK - (BLOCK - 64);
        for at in (0..counts).step_by(7).chain(counts - 70..counts) {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(members(&changed).is_err(), "byte {at}");
            assert_eq!(members(&whole[..at]).unwrap_err().kind(), io::ErrorKind::InvalidData, "cut at {at}");
        }
    }

    #[test]
    fn tar_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.tar");
        std::fs::write(&file, archive()).unwrap();
        let Ok(tar) = std::process::Command::new("tar").arg("-tf").arg(&file).output() else { return };
        assert_eq!(String::from_utf8(tar.stdout).unwrap(), "a.json\nempty\nbig\nchecksum\n");
    }

    #[test]
    fn a_name_or_a_size_beyond_the_form_is_refused() {
        let mut writer = Writer::new(Vec::new());
        assert!(writer.member(&"a".repeat(101), 0, &mut io::empty()).is_err());
        assert!(writer.member("a", 1 << 33, &mut io::empty()).is_err());
    }
}
