//! Visits, contacts, attempts and their corrections, with a photo and a signature.

use super::{Journey, planted, say};
use crate::canary::Said;
use crate::device::Device;
use crate::fuzz::Dice;
use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::picture;
use client::view::{AttachmentListView, ChildFileView, SavedView, ScreeningView, VisitFormView};
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::json;
use std::io::Cursor;

/// Bytes of a picture that are searched for.
const PICTURE_BYTES: usize = 24;

impl Journey {
    /// Contacts, attempts, visits with a photo and a signature, corrections.
    pub(super) async fn records(&self, tablet: &Device) -> Result<()> {
        let child = self.child(tablet, 0).await?;
        let today = tablet.tablet()?.today().to_string();
        let contact = tablet.contact(&child, &self.words("contact.note")).await?;
        let _: ChildFileView = tablet
            .call(
                "amend_record",
                json!({"child": child, "record": contact, "text": self.words("amend.text"), "void": false,
                       "event_date": null, "reason": self.words("amend.reason")}),
            )
            .await?;
        let wrong = tablet.contact(&child, &self.words("void.note")).await?;
        let _: ChildFileView = tablet
            .call(
                "amend_record",
                json!({"child": child, "record": wrong, "text": null, "void": true,
                       "event_date": null, "reason": self.words("void.reason")}),
            )
            .await?;
        let household = tablet.file(&child).await?.household;
        let _: SavedView = tablet
            .call(
                "record_attempt",
                json!({"household": household, "event_date": today, "reason": "nobody_home", "next_on": null,
                       "note": self.words("attempt.note")}),
            )
            .await?;
        let form = tablet.begin_visit(&child).await?;
        self.write_visit(tablet, &form, "visit").await?;
        self.write_whole_form(tablet, &form, &child).await?;
        self.attach(tablet, &form.draft, "visit").await?;
        let saved: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
        let screened = saved.screenings.first().context("it may be screened")?;
        let _: ScreeningView = tablet
            .call(
                "settle_screening",
                json!({"child": child, "record": screened.record, "level": "raised",
                       "reason": self.words("screening.reason")}),
            )
            .await?;
        Ok(())
    }

    /// Texts that only the whole form asks for, in rows as well.
    pub(super) async fn write_whole_form(
        &self,
        tablet: &Device,
        form: &VisitFormView,
        child: &str,
    ) -> Result<()> {
        let draft = &form.draft;
        let _: VisitFormView = tablet
            .call("visit_full", json!({"draft": draft, "full": true}))
            .await?;
        let whole: VisitFormView = tablet
            .call(
                "visit_row",
                json!({"draft": draft, "part": "session", "section": "A_with", "row": null, "there": true}),
            )
            .await?;
        let sections = whole.parts.iter().flat_map(|part| &part.sections);
        let row = sections
            .flat_map(|section| &section.rows)
            .next()
            .context("the row is there")?;
        let name = format!("a_v_name@{}", row.row);
        for (part, key) in [
            ("session", name.as_str()),
            ("session", "n_reminder"),
            (child, "i_wish"),
        ] {
            let text = self.words(&format!("whole.{}", key.split('@').next().unwrap_or(key)));
            tablet
                .write(draft, part, key, &text)
                .await
                .with_context(|| key.to_owned())?;
        }
        Ok(())
    }

    /// The texts of a visit form.
    pub(super) async fn write_visit(
        &self,
        tablet: &Device,
        form: &VisitFormView,
        name: &str,
    ) -> Result<()> {
        let part = &form.parts.last().context("the child's part")?.part;
        for key in ["c_caregiver", "f_voice", "l_summary"] {
            let text = self.words(&format!("{name}.{key}"));
            tablet
                .write(&form.draft, part, key, &text)
                .await
                .with_context(|| key)?;
        }
        Ok(())
    }

    /// A photo whose EXIF and pixels are unique, and a signature whose strokes are.
    pub(super) async fn attach(&self, tablet: &Device, draft: &str, name: &str) -> Result<()> {
        let photo = self.photo(name)?;
        let prepared = picture::prepare(&photo)?;
        let serial = self.canaries.digits(&format!("{name}.photo.exif"), 16);
        let holds = |bytes: &[u8]| {
            bytes
                .windows(serial.len())
                .any(|window| window == serial.as_bytes())
        };
        ensure!(
            holds(&photo) && !holds(&prepared.photo) && !holds(&prepared.thumb),
            "the EXIF went on with the photo"
        );
        for (part, bytes) in [
            ("photo.as_taken", &photo),
            ("photo.pixels", &prepared.photo),
            ("photo.thumbnail", &prepared.thumb),
        ] {
            let middle = bytes.len() / 2;
            say(&Said::Planted {
                name: format!("{name}.{part}"),
                bytes: bytes[middle..middle + PICTURE_BYTES].to_vec(),
            });
        }
        let drawn = self.canaries.digits(&format!("{name}.signature"), 12);
        let mut dice = Dice::new(drawn.parse()?);
        let stroke: Vec<String> = (0..24).map(|_| dice.below(300).to_string()).collect();
        let stroke = planted(&format!("{name}.signature"), stroke.join(","));
        let signature = format!("{{\"width\":300,\"height\":300,\"strokes\":[[{stroke}]]}}");
        for (kind, bytes) in [("photo", photo), ("signature", signature.into_bytes())] {
            let _: AttachmentListView = tablet
                .call(
                    "add_attachment",
                    json!({"draft": draft, "kind": kind, "bytes": STANDARD.encode(bytes), "signer": "with"}),
                )
                .await?;
        }
        Ok(())
    }

    pub(super) fn photo(&self, name: &str) -> Result<Vec<u8>> {
        let mut dice = Dice::new(
            self.canaries
                .digits(&format!("{name}.pixels"), 12)
                .parse()?,
        );
        let blots: Vec<u8> = (0..64 * 48)
            .map(|_| u8::try_from(dice.below(256)).unwrap_or(0))
            .collect();
        let picture = RgbImage::from_fn(640, 480, |x, y| {
            let blot = blots[(y / 10 * 64 + x / 10) as usize];
            Rgb([blot, blot.wrapping_mul(3), (x % 256) as u8])
        });
        let mut plain = Cursor::new(Vec::new());
        picture.write_to(&mut plain, ImageFormat::Jpeg)?;
        let plain = plain.into_inner();
        let serial = self.digits(&format!("{name}.photo.exif"), 16);
        let exif = [b"Exif\0\0II*\0\x08\0\0\0\0\0".as_slice(), serial.as_bytes()].concat();
        let mut bytes = plain[..2].to_vec();
        bytes.extend([0xff, 0xe1]);
        bytes.extend(u16::try_from(exif.len() + 2)?.to_be_bytes());
        bytes.extend(exif);
        bytes.extend(&plain[2..]);
        Ok(bytes)
    }
}
