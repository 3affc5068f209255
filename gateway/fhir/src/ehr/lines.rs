//! The lines of a file, as they stream in: gzip or not, of any length, cut or whole.

use std::io::{BufRead as _, Write};

use async_trait::async_trait;
use flate2::write::MultiGzDecoder;
use gateway_domain::resource::ContentHash;
use gateway_net::egress::{EgressError, EgressResponse};
use gateway_ports::ehr::{EhrError, EhrErrorKind, ExportLine, ExportLines};

/// What is kept of a line that is too long.
const KEPT_OF_LONG: usize = 4 << 10;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A file being read.
pub(super) struct Lines {
    response: EgressResponse,
    splitter: Splitter,
    packing: Packing,
    server: String,
    ended: bool,
    failed: Option<EhrError>,
}

/// How the bytes of a file are packed, whatever its headers say.
pub(crate) enum Packing {
    /// Not known before its first two bytes are here.
    Unknown(Vec<u8>),
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
}

impl Packing {
    /// Unpacks a piece onto `buffer`.
    pub(crate) fn unpack(&mut self, piece: &[u8], buffer: &mut Vec<u8>) -> std::io::Result<()> {
        match self {
            Self::Unknown(first) => {
                first.extend_from_slice(piece);
                if first.len() < GZIP_MAGIC.len() {
                    return Ok(());
                }
                let first = std::mem::take(first);
                *self = if first.starts_with(&GZIP_MAGIC) { Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))) } else { Self::Plain };
                self.unpack(&first, buffer)
            }
            Self::Plain => {
                buffer.extend_from_slice(piece);
                Ok(())
            }
            Self::Gzip(decoder) => {
                let written = decoder.write_all(piece);
                buffer.append(decoder.get_mut());
                written
            }
        }
    }

    /// Unpacks what is left at the end of the file.
    pub(crate) fn finish(&mut self, buffer: &mut Vec<u8>) -> std::io::Result<()> {
        match self {
            Self::Unknown(first) => buffer.append(first),
            Self::Plain => {}
            Self::Gzip(decoder) => {
                let finished = decoder.try_finish();
                buffer.append(decoder.get_mut());
                finished?;
            }
        }
        Ok(())
    }
}

impl Lines {
    pub(super) fn new(response: EgressResponse, server: String, skip: u64, longest: usize) -> Self {
        let splitter = Splitter::new(skip, longest).remembering();
        Self { response, splitter, packing: Packing::Unknown(Vec::new()), server, ended: false, failed: None }
    }

    fn error(&self, reason: String, kind: EhrErrorKind) -> EhrError {
        EhrError { server: self.server.clone(), asked: "a file of an export".to_owned(), reason, kind }
    }

    /// Takes in the next piece of the body.
    async fn pull(&mut self) -> Result<(), EhrError> {
        let piece = self.response.chunk().await.map_err(|error| {
            let damaged = matches!(error, EgressError::Damaged { .. });
            self.error(error.to_string(), if damaged { EhrErrorKind::Damaged } else { EhrErrorKind::Later(None) })
        })?;
        let sound = self.splitter.buffer.len();
        let unpacked = if let Some(piece) = piece {
            self.packing.unpack(&piece, &mut self.splitter.buffer)
        } else {
            let finished = self.packing.finish(&mut self.splitter.buffer);
            self.ended = finished.is_ok();
            finished
        };
        if let Err(error) = unpacked {
            // What was unpacked last is as doubtful as all of it.
            self.splitter.buffer.truncate(sound);
            return Err(self.error(format!("its gzip is damaged or ends early: {error}"), EhrErrorKind::Damaged));
        }
        if self.ended && self.splitter.ends_within_a_line() {
            self.ended = false;
            return Err(self.error("it ends in the middle of a line".to_owned(), EhrErrorKind::Later(None)));
        }
        Ok(())
    }
}

#[async_trait]
impl ExportLines for Lines {
    async fn next(&mut self, most_lines: usize, most_bytes: usize) -> Result<Vec<ExportLine>, EhrError> {
        let (mut lines, mut bytes) = (Vec::new(), 0);
        while lines.len() < most_lines && bytes < most_bytes {
            if let Some(line) = self.splitter.next(self.ended) {
                bytes += line.bytes.len();
                lines.push(line);
                continue;
            }
            if self.ended {
                break;
            }
            let pulled = match self.failed.take() {
                Some(error) => Err(error),
                None => self.pull().await,
            };
            if let Err(error) = pulled {
                if lines.is_empty() {
                    return Err(error);
                }
                self.failed = Some(error);
                break;
            }
        }
        Ok(lines)
    }

    fn skipped(&self) -> Option<ContentHash> {
        self.splitter.skipped
    }

    fn handed_out(&self) -> Option<ContentHash> {
        self.splitter.handed_out
    }
}

/// Stands for no lines.
const NOTHING: ContentHash = ContentHash([0; 16]);

/// Cuts bytes into lines.
pub(crate) struct Splitter {
    pub(crate) buffer: Vec<u8>,
    /// Where the current line begins.
    start: usize,
    /// Up to where there is no line end.
    searched: usize,
    /// Lines seen.
    number: u64,
    /// Lines to leave out.
    skip: u64,
    longest: usize,
    /// The beginning of a line that is too long, while its rest is thrown away.
    discarding: Option<Vec<u8>>,
    /// Stands for all lines seen, each hashed after those before it, where that is wanted.
    seen: Option<ContentHash>,
    /// As it was behind the lines that are left out.
    skipped: Option<ContentHash>,
    /// As it was behind the last line that was handed out. Blank ones may have come since.
    handed_out: Option<ContentHash>,
}

impl Splitter {
    /// Leaves out the first `skip` lines, and the rest of those that have more than `longest` bytes.
    pub(crate) const fn new(skip: u64, longest: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            number: 0,
            skip,
            longest,
            discarding: None,
            seen: None,
            skipped: None,
            handed_out: None,
        }
    }

    /// Keeps in mind which lines there were.
    fn remembering(self) -> Self {
        Self { seen: Some(NOTHING), skipped: (self.skip == 0).then_some(NOTHING), ..self }
    }

    /// Whether what is left is the beginning of an object alone.
    fn ends_within_a_line(&self) -> bool {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let last = rest.rsplit(|it| *it == b'\n').next().unwrap_or_default().trim_ascii();
        self.discarding.is_none() && last.starts_with(b"{") && !last.ends_with(b"}")
    }

    /// The next line that is wanted; `None` where more bytes are needed.
    pub(crate) fn next(&mut self, at_end: bool) -> Option<ExportLine> {
        loop {
            let found = line_end(self.buffer.get(self.searched..).unwrap_or_default()).map(|at| self.searched + at);
            let end = match found {
                Some(end) => end,
                None if at_end && (self.start < self.buffer.len() || self.discarding.is_some()) => self.buffer.len(),
                None => {
                    self.keep_the_rest();
                    return None;
                }
            };
            let raw = self.buffer.get(self.start..end).unwrap_or_default();
            self.number += 1;
            let line = if let Some(beginning) = self.discarding.take() {
                ExportLine { number: self.number, bytes: beginning, too_long: true }
            } else if raw.len() > self.longest {
                ExportLine { number: self.number, bytes: raw.iter().take(self.kept_of_long()).copied().collect(), too_long: true }
            } else {
                let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
                self.seen = self.seen.map(|seen| ContentHash::of([seen.0.as_slice(), raw]));
                ExportLine { number: self.number, bytes: if self.number > self.skip { raw.to_vec() } else { Vec::new() }, too_long: false }
            };
            self.start = (end + 1).min(self.buffer.len());
            self.searched = self.start;
            if line.too_long {
                self.seen = self.seen.map(|seen| ContentHash::of([seen.0.as_slice(), &line.bytes]));
            }
            if line.number == self.skip {
                self.skipped = self.seen;
            }
            let blank = !line.too_long && line.bytes.iter().all(u8::is_ascii_whitespace);
            if !blank && line.number > self.skip {
                self.handed_out = self.seen;
                return Some(line);
            }
        }
    }

    /// The same of a line wherever the stream was cut.
    fn kept_of_long(&self) -> usize {
        KEPT_OF_LONG.min(self.longest)
    }

    /// Drops what was handed out, and of an endless line all but its beginning.
    fn keep_the_rest(&mut self) {
        self.buffer.drain(..self.start);
        self.start = 0;
        if self.discarding.is_none() && self.buffer.len() > self.longest {
            self.discarding = Some(self.buffer.iter().take(self.kept_of_long()).copied().collect());
        }
        if self.discarding.is_some() {
            self.buffer.clear();
        }
        self.searched = self.buffer.len();
    }
}

/// Where the first line ends. The standard library looks for it many bytes at a time.
fn line_end(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let read = rest.skip_until(b'\n').ok()?;
    let last = read.checked_sub(1)?;
    (bytes.get(last) == Some(&b'\n')).then_some(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(pieces: &[&[u8]], skip: u64, longest: usize) -> Vec<(u64, Vec<u8>, bool)> {
        let mut splitter = Splitter::new(skip, longest);
        let mut lines = Vec::new();
        for piece in pieces {
            splitter.buffer.extend_from_slice(piece);
            while let Some(line) = splitter.next(false) {
                lines.push((line.number, line.bytes, line.too_long));
            }
        }
        while let Some(line) = splitter.next(true) {
            lines.push((line.number, line.bytes, line.too_long));
        }
        lines
    }

    #[test]
    fn blank_lines_are_left_out_and_still_counted() {
        let lines = split(&[b"{1}\r\n\n  \n{2}"], 0, 100);
        assert_eq!(lines, [(1, b"{1}".to_vec(), false), (4, b"{2}".to_vec(), false)]);
    }

    #[test]
    fn a_line_that_is_too_long_is_marked_and_the_next_one_is_whole() {
        let lines = split(&[b"aaaa", b"aaaa", b"aa\n{2}\n"], 0, 6);
        assert_eq!(lines.iter().map(|it| (it.0, it.2)).collect::<Vec<_>>(), [(1, true), (2, false)]);
    }

    #[test]
    fn blank_lines_before_a_cut_are_not_taken_for_other_lines() {
        let mut cut = Splitter::new(0, 100).remembering();
        cut.buffer.extend_from_slice(b"{1}\n\n \n{2");
        assert_eq!(cut.next(false).map(|it| it.number), Some(1));
        assert!(cut.next(false).is_none());
        let mut again = Splitter::new(1, 100).remembering();
        again.buffer.extend_from_slice(b"{1}\n\n \n{2}\n");
        assert_eq!(again.next(false).map(|it| it.number), Some(4));
        assert_eq!(again.skipped, cut.handed_out);
    }

    #[test]
    fn lines_that_are_skipped_are_known_again_and_others_are_not() {
        let seen = |text: &[u8], skip: u64| {
            let mut splitter = Splitter::new(skip, 8).remembering();
            splitter.buffer.extend_from_slice(text);
            while splitter.next(true).is_some() {}
            (splitter.skipped, splitter.seen)
        };
        let (begun, _) = seen(b"{1}\n\n{2}\n", 3);
        assert_eq!(seen(b"{1}\n\n{2}\n", 0), (Some(NOTHING), begun), "what was read before a cut");
        assert_eq!(seen(b"{1}\r\n\r\n{2}\r\n{3}\r\n", 3).0, begun, "then skipped");
        for other in [b"{2}\n\n{1}\n{3}\n".as_slice(), b"{1}\n{2}\n\n{3}\n", b"{1}\n\n{2\n}\n{3}\n", b"{1}\n\nbeyond all\n{3}"] {
            assert_ne!(seen(other, 3).0, begun, "{}", String::from_utf8_lossy(other));
        }
        assert_eq!(seen(b"{1}\n", 3).0, None, "it is shorter now");
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_where_the_stream_was_cut(
            text in "[a\n\r]{0,80}", cut in 0_usize..80, skip in 0_u64..5,
        ) {
            let cut = cut.min(text.len());
            let (one, two) = text.as_bytes().split_at(cut);
            prop_assert_eq!(split(&[one, two], skip, 100), split(&[text.as_bytes()], skip, 100));
        }
    }
}
