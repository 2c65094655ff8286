//! A photo as it may leave the tablet: decoded here, turned the way it was held, no larger than [`LONGEST`], encoded anew.
//! Not one byte of the file that came in goes on, so neither a place nor a serial number does (security-notes.md §3.7,
//! domain.md P-06).

use crate::error::ClientError;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use std::io::Cursor;

/// Longest side of a photo, in pixels.
pub const LONGEST: u32 = 1600;
/// Longest side of a thumbnail.
pub const THUMB_LONGEST: u32 = 200;
/// Most bytes of a thumbnail.
pub const THUMB_BYTES: usize = 12 * 1024;
/// Most bytes of a file that is looked at.
pub const FILE_BYTES: usize = 16 * 1024 * 1024;
/// Longest side of a picture that is decoded at all.
const LONGEST_DECODED: u32 = 10_000;
/// Most memory a decoder may take.
const DECODER_BYTES: u64 = 192 * 1024 * 1024;
/// How much of a picture is kept, of a hundred.
pub(crate) const QUALITY: u8 = 80;

/// A photo and its thumbnail, both JPEG.
pub struct Picture {
    /// The photo.
    pub photo: Vec<u8>,
    /// Its thumbnail.
    pub thumb: Vec<u8>,
}

/// Makes a photo of a JPEG, PNG or WebP file.
///
/// # Errors
/// `picture_too_large`, or `picture_unreadable` for what is no picture or no whole one.
pub fn prepare(file: &[u8]) -> Result<Picture, ClientError> {
    if file.len() > FILE_BYTES {
        return Err(ClientError::new("picture_too_large"));
    }
    let picture = decode(file)?;
    let photo = fit(&picture, LONGEST);
    Ok(Picture {
        thumb: thumbnail(&photo)?,
        photo: encode(&photo, QUALITY)?,
    })
}

pub(crate) fn decode(file: &[u8]) -> Result<DynamicImage, ClientError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_DECODED);
    limits.max_image_height = Some(LONGEST_DECODED);
    limits.max_alloc = Some(DECODER_BYTES);
    let mut reader = ImageReader::new(Cursor::new(file))
        .with_guessed_format()
        .map_err(|error| ClientError::new("picture_unreadable").because(error))?;
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    // A picture without the word, or with one that is no word, is taken as it lies.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}

fn refused(error: image::ImageError) -> ClientError {
    let code = match error {
        image::ImageError::Limits(_) => "picture_too_large",
        _ => "picture_unreadable",
    };
    ClientError::new(code).because(error)
}

fn fit(picture: &DynamicImage, longest: u32) -> DynamicImage {
    if picture.width().max(picture.height()) <= longest {
        return picture.clone();
    }
    picture.resize(longest, longest, FilterType::Triangle)
}

fn thumbnail(photo: &DynamicImage) -> Result<Vec<u8>, ClientError> {
    let small = photo.thumbnail(
        THUMB_LONGEST.min(photo.width()),
        THUMB_LONGEST.min(photo.height()),
    );
    let mut bytes = Vec::new();
    for quality in [70, 50, 30, 15] {
        bytes = encode(&small, quality)?;
        if bytes.len() <= THUMB_BYTES {
            break;
        }
    }
    Ok(bytes)
}

pub(crate) fn encode(picture: &DynamicImage, quality: u8) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(&picture.to_rgb8())
        .map_err(|error| ClientError::new("picture_unreadable").because(error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgb, RgbImage};

    fn scene(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            // Red above, green below, with some grain so that it weighs something.
            let grain = ((x * 7919 + y * 104_729) % 61) as u8;
            if y < height / 2 {
                Rgb([200 + grain % 50, grain, grain])
            } else {
                Rgb([grain, 200 + grain % 50, grain])
            }
        })
    }

    fn file(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("encodes");
        bytes.into_inner()
    }

    /// A JPEG as a camera writes it: turned a quarter, with a place and a serial number.
    fn camera_file(picture: &RgbImage) -> Vec<u8> {
        let mut tiff = b"II*\0\x08\0\0\0".to_vec();
        let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
            let mut bytes = tag.to_le_bytes().to_vec();
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value);
            bytes
        };
        let text_at = 8 + 2 + 3 * 12 + 4;
        let gps_at = text_at + 16;
        tiff.extend(3u16.to_le_bytes());
        tiff.extend(entry(0x0112, 3, 1, [6, 0, 0, 0]));
        tiff.extend(entry(0x010F, 2, 16, (text_at as u32).to_le_bytes()));
        tiff.extend(entry(0x8825, 4, 1, (gps_at as u32).to_le_bytes()));
        tiff.extend(0u32.to_le_bytes());
        tiff.extend(b"SERIAL-30114477\0");
        tiff.extend(2u16.to_le_bytes());
        tiff.extend(entry(0x0001, 2, 2, *b"N\0\0\0"));
        tiff.extend(entry(0x0002, 5, 3, (gps_at as u32 + 30).to_le_bytes()));
        tiff.extend(0u32.to_le_bytes());
        tiff.extend(
            [31u32, 1, 14, 1, 9, 1]
                .iter()
                .flat_map(|part| part.to_le_bytes()),
        );
        let plain = file(picture, ImageFormat::Jpeg);
        let mut bytes = plain[..2].to_vec();
        bytes.extend([0xFF, 0xE1]);
        bytes.extend(u16::try_from(tiff.len() + 8).expect("short").to_be_bytes());
        bytes.extend(b"Exif\0\0");
        bytes.extend(tiff);
        bytes.extend(&plain[2..]);
        bytes
    }

    fn has(bytes: &[u8], what: &[u8]) -> bool {
        bytes.windows(what.len()).any(|window| window == what)
    }

    #[test]
    fn place_and_serial_number_do_not_leave_and_the_photo_stands_as_it_was_held() {
        let taken = camera_file(&scene(640, 320));
        assert!(has(&taken, b"SERIAL") && has(&taken, b"Exif"));
        let prepared = prepare(&taken).expect("prepares");
        for bytes in [&prepared.photo, &prepared.thumb] {
            assert!(!has(bytes, b"SERIAL") && !has(bytes, b"Exif") && !has(bytes, &[0xFF, 0xE1]));
        }
        let photo = image::load_from_memory(&prepared.photo)
            .expect("decodes")
            .to_rgb8();
        assert_eq!(photo.dimensions(), (320, 640));
        // A quarter turn clockwise: what was above is on the right.
        let (left, right) = (photo.get_pixel(20, 320), photo.get_pixel(300, 320));
        assert!(right[0] > 150 && right[1] < 110, "{right:?}");
        assert!(left[1] > 150 && left[0] < 110, "{left:?}");
    }

    #[test]
    fn a_large_photo_comes_out_within_the_longest_side_with_a_small_thumbnail() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let prepared = prepare(&file(&scene(2400, 1200), format)).expect("prepares");
            let photo = image::load_from_memory(&prepared.photo).expect("decodes");
            assert_eq!((photo.width(), photo.height()), (1600, 800));
            let thumb = image::load_from_memory(&prepared.thumb).expect("decodes");
            assert_eq!((thumb.width(), thumb.height()), (200, 100));
            assert!(
                prepared.thumb.len() <= THUMB_BYTES,
                "{}",
                prepared.thumb.len()
            );
        }
        let small = prepare(&file(&scene(90, 60), ImageFormat::Png)).expect("prepares");
        let photo = image::load_from_memory(&small.photo).expect("decodes");
        assert_eq!(
            (photo.width(), photo.height()),
            (90, 60),
            "never made larger"
        );
    }

    #[test]
    fn what_is_no_picture_or_too_large_a_one_is_refused() {
        let code = |file: &[u8]| prepare(file).err().expect("is refused").code();
        assert_eq!(code(b"<html>"), "picture_unreadable");
        let whole = file(&scene(64, 64), ImageFormat::Png);
        assert_eq!(code(&whole[..whole.len() / 2]), "picture_unreadable");
        // The header says 60000 × 60000 and nothing comes of it.
        let mut bomb = whole;
        bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
        assert_ne!(code(&bomb), "internal");
        assert_eq!(code(&vec![0; FILE_BYTES + 1]), "picture_too_large");
    }
}
