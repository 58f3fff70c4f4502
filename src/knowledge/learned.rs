//! The learned look-up: how likely a text means each topic, by weights that were fitted on the
//! lessons (`fit`) and are compiled in.
//!
//! The weights are one block of bytes, little-endian, read in place: [`MAGIC`], the number of
//! topics (u16), of features (u32) and of weights (u32); the topics' ids, a line each; a bias per
//! topic (f32); for each upper half of a hash where its features begin and where their weights do
//! (u32 each, one more at the end); for each feature the lower half of its hash (u16) and how many
//! weights it has (u8); for each weight its topic (u8) and its value in steps of [`STEP`] (i8).

use super::features::Feature;

pub(super) const MAGIC: &[u8; 8] = b"klfaq\x00\x01\n";
/// What one step of a stored weight is worth; the largest weight is 127 of them.
pub(super) const STEP: f32 = 4.0 / 127.0;
/// How many upper halves a hash can have.
pub(super) const SHELVES: usize = 1 << 16;

/// The weights.
#[derive(Debug)]
pub(super) struct Learned {
    topics: Vec<&'static str>,
    biases: Vec<f32>,
    shelves: &'static [u8],
    hashes: &'static [u8],
    lengths: &'static [u8],
    weights: &'static [u8],
}

impl Learned {
    /// Reads a block of weights; `None` when it is none.
    pub(super) fn read(block: &'static [u8]) -> Option<Self> {
        let rest = block.strip_prefix(MAGIC.as_slice())?;
        let (topics, rest) = take(rest, 2)?;
        let (features, rest) = take(rest, 4)?;
        let (weights, rest) = take(rest, 4)?;
        let topics = usize::from(u16::from_le_bytes(topics.try_into().ok()?));
        let (features, weights) = (number(features)?, number(weights)?);
        let mut rest = rest;
        let mut names = Vec::with_capacity(topics);
        for _ in 0..topics {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            names.push(str::from_utf8(&rest[..end]).ok()?);
            rest = &rest[end + 1..];
        }
        let (biases, rest) = take(rest, topics * 4)?;
        let (shelves, rest) = take(rest, (SHELVES + 1) * 8)?;
        let (hashes, rest) = take(rest, features * 2)?;
        let (lengths, rest) = take(rest, features)?;
        let (weights, rest) = take(rest, weights * 2)?;
        let biases = biases.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        rest.is_empty().then_some(Self { topics: names, biases, shelves, hashes, lengths, weights })
    }

    /// The topics' ids, and `none` for what is not ours.
    pub(super) fn topics(&self) -> &[&'static str] {
        &self.topics
    }

    /// How likely each topic is meant, in the order of [`Self::topics`]; together one.
    pub(super) fn likely(&self, features: &[Feature]) -> Vec<f32> {
        let mut scores = self.biases.clone();
        for (hash, amount) in features {
            for pair in self.find(*hash).as_chunks::<2>().0 {
                let [topic, value] = *pair;
                scores[usize::from(topic)] += amount * STEP * f32::from(value.cast_signed());
            }
        }
        soften(&mut scores);
        scores
    }

    /// The weights of a feature.
    fn find(&self, hash: u32) -> &[u8] {
        let (high, low) = ((hash >> 16) as usize, hash.to_le_bytes());
        let begins = |at: usize| {
            let (feature, weight) = self.shelves[at * 8..at * 8 + 8].split_at(4);
            (number(feature).unwrap_or_default(), number(weight).unwrap_or_default())
        };
        let ((first, mut weight), (last, _)) = (begins(high), begins(high + 1));
        for feature in first..last {
            let length = usize::from(self.lengths[feature]);
            if self.hashes[feature * 2..feature * 2 + 2] == low[..2] {
                return &self.weights[weight * 2..(weight + length) * 2];
            }
            weight += length;
        }
        &[]
    }
}

fn take(bytes: &'static [u8], length: usize) -> Option<(&'static [u8], &'static [u8])> {
    bytes.split_at_checked(length)
}

fn number(bytes: &[u8]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
}

/// Scores become likelihoods.
pub(super) fn soften(scores: &mut [f32]) {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    for score in scores.iter_mut() {
        *score = exp(*score - most);
    }
    let sum: f32 = scores.iter().sum();
    for score in scores {
        *score /= sum;
    }
}

/// e to the power of what is not positive, by halving and Taylor's series: the same to the last
/// bit on every machine, which the one of the standard library does not promise.
fn exp(x: f32) -> f32 {
    let mut power = 1.0;
    let small = x.max(-60.0) / 64.0;
    let mut term = 1.0;
    for n in 1..9_u8 {
        term *= small / f32::from(n);
        power += term;
    }
    for _ in 0..6 {
        power *= power;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_the_one_of_the_books() {
        for x in [0.0, -0.1, -1.0, -5.0, -20.0] {
            let (ours, theirs) = (exp(x), x.exp());
            assert!((ours - theirs).abs() <= theirs * 1e-4, "{x}: {ours} {theirs}");
        }
        assert!(exp(-1_000.0) < 1e-25);
    }

    #[test]
    fn what_is_no_block_of_weights_is_not_read_as_one() {
        for block in
            [&b""[..], b"klfaq", b"klfaq\x00\x01\n\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"]
        {
            assert!(Learned::read(block).is_none());
        }
    }
}
