//! What a picture says of itself wherever it gets to: what it is for, who opened it, with which device, and when (P-06).
//!
//! It is drawn into the pixels on the way to the screen, so that neither a saved file, nor a print, nor a photo of the screen
//! is without it; the sealed photo stays as it was taken. The words are Chinese and always the same; people and devices
//! stand as numbers, because a font with every name in it would weigh more than the app ([`number`], docs/adr/0050).

use crate::error::ClientError;
use crate::picture;
use crate::system;
use crate::tablet::Tablet;
use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, RgbImage};
use uuid::Uuid;

/// 仅用于儿童关爱工作 in cells of 32 × 32, then [`GLYPHS`] in cells of 16 × 32. Drawn with Noto Sans CJK SC (SIL OFL 1.1).
const SHEET: &[u8] = include_bytes!("../assets/mark.png");
const GLYPHS: &str = "0123456789ABCDEF:-";
const PHRASE_WIDTH: u32 = 9 * 32;
const CELL: u32 = 16;
const LINE: u32 = 32;
/// A picture narrower than this has the mark once and not in its middle as well.
const NARROW: u32 = 400;
/// How strong it is, of 255: at the edge, and over what the picture is about.
const STRONG: u32 = 180;
const FAINT: u32 = 80;

/// What stands for a person or a device on a picture; the pages of people and devices say whose it is.
#[must_use]
pub fn number(id: Uuid) -> String {
    let text = id.simple().to_string().to_uppercase();
    // The beginning of an id is when it was made, and is shared by those made together.
    text[text.len() - 8..].to_owned()
}

/// The picture with the mark of whoever opens it; none for what is no picture, which no screen draws either.
pub(crate) fn marked(tablet: &Tablet, jpeg: &[u8]) -> Result<Option<Vec<u8>>, ClientError> {
    let me = &tablet.identity;
    let Ok(picture) = picture::decode(jpeg) else {
        return Ok(None);
    };
    let who = format!("{}-{}", number(me.staff.0), number(me.device.0));
    let when = system::civil_minute(tablet.clock.now_ms());
    let drawn = draw(picture.to_rgb8(), &block(&[&who, &when])?);
    picture::encode(&DynamicImage::ImageRgb8(drawn), picture::QUALITY).map(Some)
}

/// The words and lines of numbers, one below the other: how much of each pixel they cover.
fn block(lines: &[&str]) -> Result<GrayImage, ClientError> {
    let sheet = image::load_from_memory(SHEET)
        .map_err(|error| ClientError::new("internal").because(error))?
        .to_luma8();
    let height = LINE * (1 + u32::try_from(lines.len()).unwrap_or(0));
    let mut block = GrayImage::new(PHRASE_WIDTH, height);
    let phrase = imageops::crop_imm(&sheet, 0, 0, PHRASE_WIDTH, LINE).to_image();
    imageops::replace(&mut block, &phrase, 0, 0);
    for (row, line) in (1_i64..).zip(lines) {
        let width = CELL * u32::try_from(line.chars().count()).unwrap_or(0);
        let mut x = i64::from(PHRASE_WIDTH.saturating_sub(width) / 2);
        for letter in line.chars() {
            if let Some(at) = GLYPHS.find(letter) {
                let left = PHRASE_WIDTH + CELL * u32::try_from(at).unwrap_or(0);
                let glyph = imageops::crop_imm(&sheet, left, 0, CELL, LINE).to_image();
                imageops::replace(&mut block, &glyph, x, row * i64::from(LINE));
            }
            x += i64::from(CELL);
        }
    }
    Ok(block)
}

fn draw(mut picture: RgbImage, block: &GrayImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let wanted = (width * 3 / 10).max(PHRASE_WIDTH.min(width * 9 / 10));
    // Never more than half as high as the picture.
    let most = (height / 2).max(1) * block.width() / block.height();
    let wide = wanted.min(most).max(1);
    let high = (wide * block.height() / block.width()).max(1);
    let block = imageops::resize(block, wide, high, FilterType::Triangle);
    let edge = width.min(height) / 50;
    let corner = (
        width.saturating_sub(wide + edge),
        height.saturating_sub(high + edge),
    );
    lay(&mut picture, &block, corner, STRONG);
    if width >= NARROW {
        let middle = (
            width.saturating_sub(wide) / 2,
            height.saturating_sub(high) / 2,
        );
        lay(&mut picture, &block, middle, FAINT);
    }
    picture
}

/// Light letters with a dark shadow, to be read on whatever is below.
fn lay(picture: &mut RgbImage, block: &GrayImage, at: (u32, u32), strength: u32) {
    for (offset, tone) in [(1, 0_u32), (0, 255)] {
        for (x, y, cover) in block.enumerate_pixels() {
            let (x, y) = (at.0 + x + offset, at.1 + y + offset);
            let Some(pixel) = picture.get_pixel_mut_checked(x, y) else {
                continue;
            };
            let share = u32::from(cover[0]) * strength / 255;
            for channel in &mut pixel.0 {
                let mixed = (u32::from(*channel) * (255 - share) + tone * share) / 255;
                *channel = u8::try_from(mixed).unwrap_or(u8::MAX);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn changed(before: &RgbImage, after: &RgbImage) -> Vec<(u32, u32)> {
        let pairs = before.enumerate_pixels().zip(after.pixels());
        pairs
            .filter(|((_, _, one), other)| one != other)
            .map(|((x, y, _), _)| (x, y))
            .collect()
    }

    #[test]
    fn what_stands_on_a_picture_can_be_written_with_the_letters_there_are() {
        let id = Uuid::parse_str("0194f3a0-7c11-7d2e-9a51-5b2e9d10c0fe").expect("an id");
        assert_eq!(number(id), "9D10C0FE");
        let when = system::civil_minute(1_793_584_800_000);
        assert!(when.starts_with("2026-11-02"), "{when}");
        let known = |letter: char| letter == ' ' || GLYPHS.contains(letter);
        assert!(format!("{}{when}", number(id)).chars().all(known), "{when}");
        let sheet = image::load_from_memory(SHEET).expect("decodes").to_luma8();
        let cells = u32::try_from(GLYPHS.len()).expect("few");
        assert_eq!(sheet.dimensions(), (PHRASE_WIDTH + cells * CELL, LINE));
        for cell in 0..cells {
            let left = PHRASE_WIDTH + cell * CELL;
            let glyph = imageops::crop_imm(&sheet, left, 0, CELL, LINE).to_image();
            assert!(
                glyph.pixels().any(|pixel| pixel[0] > 200),
                "{cell} is empty"
            );
        }
    }

    #[test]
    fn the_mark_lies_over_the_corner_and_the_middle_and_says_who_and_when() {
        for tone in [0, 128, 255] {
            let plain = RgbImage::from_pixel(1600, 1200, Rgb([tone, tone, tone]));
            let of = |lines: &[&str]| draw(plain.clone(), &block(lines).expect("is drawn"));
            let mine = of(&["9D10C0FE-5B2E9D10", "2026-11-02 10:04"]);
            let spots = changed(&plain, &mine);
            assert!(spots.iter().any(|(x, y)| *x > 1100 && *y > 1000), "{tone}");
            assert!(
                spots
                    .iter()
                    .any(|(x, y)| x.abs_diff(800) < 40 && y.abs_diff(600) < 80)
            );
            assert!(
                spots.iter().all(|(x, y)| *x > 400 && *y > 400),
                "the rest is as it was"
            );
            assert!(spots.len() * 10 < 1600 * 1200, "and most of it can be seen");
            let other = of(&["9D10C0FE-5B2E9D11", "2026-11-02 10:04"]);
            assert!(!changed(&mine, &other).is_empty(), "another device");
        }
    }

    #[test]
    fn a_small_picture_has_it_once_and_keeps_its_size() {
        for (width, height) in [(200, 150), (150, 200), (90, 60), (4, 3), (1, 1)] {
            let plain = RgbImage::from_pixel(width, height, Rgb([90, 120, 60]));
            let lines = block(&["9D10C0FE-5B2E9D10", "2026-11-02 10:04"]);
            let drawn = draw(plain.clone(), &lines.expect("is drawn"));
            assert_eq!(drawn.dimensions(), (width, height));
            if width >= 90 {
                assert!(!changed(&plain, &drawn).is_empty(), "{width}");
            }
        }
    }
}
