//! A valid message for every route that takes one: what the hostile ones are made of.
//!
//! Every text in them is the planted one, longer than any name the server takes.

use super::Ground;
use anyhow::Result;
use ids::audit::AuditEntry;
use ids::{BlobAddress, ChangeHash, DocumentId, Generation, Incarnation, Role, new_uuid};
use protocol::moves::{
    DecideMove, DecideReview, ListReviews, MoveDecision, OfferMove, ReviewPlace,
};
use protocol::{
    AnswerCase, AskCase, BlobChunk, BlobOffer, BringAudit, BringReport, BroughtUnitKey, CaseAnswer,
    ConfirmEnrolment, Countersign, CoverVillage, CreateEnrolment, CreateVillage, Cursor,
    DecideErasure, DecideExport, EndCover, EndGrant, EndGuest, EndRecusal, FinishEnrolment,
    GiveReceipt, GrantPerson, HandOver, InventoryLine, InventoryRequest, KeepRemains, KeepUnitKeys,
    KnownUnitKey, Locator, NonceRequest, OfferBlobs, OpenSession, OpenToGuest, PROTOCOL_VERSION,
    PollEnrolment, PublishForm, ReadAudit, ReadAuditCounts, ReadBlob, ReadCase, ReadDocument,
    ReadEnrolment, RecordVetting, RecusePerson, RefillRequest, RequestErasure, RequestExport,
    RevealEnrolment, RevokeDevice, SealedReason, SetHold, SignedStatement, SnapshotRequest,
    StartEnrolment, SyncRequest, Unsent, UseExport, Verdict, Vetting, WrappedUnitKey, wire,
};
use serde::Serialize;

/// A text that is put where a text goes; what it is replaced by differs from request to request.
pub const TEXT: &str = "0123456789abcdef0123456789abcdef0123456789abcdef";

/// A packed message and where it belongs.
pub struct Sample {
    /// Path.
    pub path: &'static str,
    /// MessagePack, not yet compressed.
    pub raw: Vec<u8>,
}

/// All of them.
pub fn of(ground: &mut Ground) -> Result<Vec<Sample>> {
    let mut all = Vec::new();
    let (signs, templates) = (&mut ground.signs, &ground.templates);
    let envelopes = (0..4)
        .map(|_| signs.work(templates))
        .collect::<Result<Vec<_>>>()?;
    let document = envelopes.first().map_or(DocumentId(uuid()), |envelope| {
        protocol::envelope::open_head(&envelope.head)
            .map_or(DocumentId(uuid()), |head| head.document)
    });
    let hash = ChangeHash([7; 32]);
    let address = BlobAddress([8; 32]);
    let enrolment = ground.open_code.enrolment;
    let device = signs.device;
    let text = || TEXT.to_owned();
    let mut add = |path: &'static str, raw: Vec<u8>| all.push(Sample { path, raw });
    for locator in [Locator::Digits(text()), Locator::Id(enrolment)] {
        let start = StartEnrolment {
            protocol: PROTOCOL_VERSION,
            locator,
            device_key: signs.key.verifying_key().to_bytes(),
            commit: [4; 32],
        };
        add("/enrol/start", packed(&start)?);
    }
    let (nonce, proof) = ([5; 32], vec![6; 32]);
    let reveal = RevealEnrolment {
        enrolment,
        nonce,
        proof: Some(proof.clone()),
    };
    add("/enrol/reveal", packed(&reveal)?);
    add("/enrol/poll", packed(&PollEnrolment { enrolment })?);
    add(
        "/enrol/finish",
        packed(&FinishEnrolment { enrolment, proof })?,
    );
    add("/session/nonce", packed(&NonceRequest { device })?);
    let open = OpenSession {
        device,
        nonce,
        signature: vec![9; 64],
        certificate: Some(TEXT.as_bytes().to_vec()),
        hand_over: false,
        delegated: Some(TEXT.as_bytes().to_vec()),
    };
    add("/session/open", packed(&open)?);
    let sync = SyncRequest {
        protocol: PROTOCOL_VERSION,
        app: text(),
        schemas: Vec::new(),
        request: uuid(),
        cursor: Some(Cursor {
            scope: signs.scope,
            epoch: 1,
            seq: 0,
        }),
        last_applied: None,
        outbox: envelopes.clone(),
        want_bytes: 4_096,
        push_only: false,
        unsent: None,
        certified_until_ms: None,
        next_ca: None,
        tick: Some(TEXT.as_bytes().to_vec()),
        chain: None,
    };
    add("/sync", packed(&sync)?);
    let snapshot = SnapshotRequest {
        protocol: PROTOCOL_VERSION,
        page: Some(text()),
        want_bytes: 4_096,
    };
    add("/snapshot", packed(&snapshot)?);
    add("/documents/read", packed(&ReadDocument { document })?);
    let inventory = InventoryRequest {
        protocol: PROTOCOL_VERSION,
        documents: vec![InventoryLine {
            document,
            generation: Generation::default(),
            hashes: vec![hash],
        }],
        done: true,
    };
    add("/inventory", packed(&inventory)?);
    let refill = RefillRequest {
        protocol: PROTOCOL_VERSION,
        members: Vec::new(),
        orders: Vec::new(),
        envelopes,
    };
    add("/refill", packed(&refill)?);
    let offer = OfferBlobs {
        offers: vec![BlobOffer {
            address,
            document,
            size: 4_096,
            digest: [1; 32],
        }],
    };
    add("/blobs/offer", packed(&offer)?);
    add("/handover/offer", packed(&offer)?);
    let chunk = BlobChunk {
        address,
        offset: 0,
        bytes: TEXT.as_bytes().to_vec(),
    };
    add("/blobs/chunk", packed(&chunk)?);
    add("/handover/chunk", packed(&chunk)?);
    let read = ReadBlob {
        address,
        offset: u64::MAX,
        length: u32::MAX,
    };
    add("/blobs/read", packed(&read)?);
    let create = CreateEnrolment {
        unit: ground.village,
        role: Role::Director,
        person: text(),
    };
    add("/enrolments", packed(&create)?);
    add("/enrolments/status", packed(&ReadEnrolment { enrolment })?);
    let confirm = ConfirmEnrolment {
        enrolment,
        compare_code: text(),
    };
    add("/enrolments/confirm", packed(&confirm)?);
    add("/enrolments/delegate", packed(&())?);
    let village = CreateVillage {
        name: text(),
        region: text(),
    };
    add("/villages", packed(&village)?);
    let form = PublishForm {
        id: text(),
        json: text(),
    };
    add("/forms/publish", packed(&form)?);
    for path in [
        "/villages/list",
        "/devices/list",
        "/refusals/list",
        "/moves/targets",
        "/moves/list",
    ] {
        add(path, packed(&())?);
    }
    let after = ReviewPlace {
        decided: true,
        number: 7,
    };
    add("/review/list", packed(&ListReviews { after })?);
    let id = uuid();
    let offered = OfferMove {
        id,
        documents: vec![document],
        to: ground.village,
        subject: text(),
        reason: text(),
        moved_on: text(),
    };
    add("/moves/offer", packed(&offered)?);
    let decision = MoveDecision::Accept;
    add("/moves/decide", packed(&DecideMove { id, decision })?);
    let decide = DecideReview {
        hash,
        take: true,
        reason: text(),
    };
    add("/review/decide", packed(&decide)?);
    let revoke = RevokeDevice {
        device: ids::DeviceId(uuid()),
        reason: text(),
        wipe: true,
        without_photos: false,
    };
    add("/devices/revoke", packed(&revoke)?);
    let hand_over = HandOver {
        protocol: PROTOCOL_VERSION,
        outbox: sync.outbox,
        left: Unsent::default(),
        tick: None,
    };
    add("/handover", packed(&hand_over)?);
    let remains = KeepRemains {
        order: 1,
        part: 0,
        bytes: TEXT.as_bytes().to_vec(),
    };
    add("/handover/remains", packed(&remains)?);
    let receipt = GiveReceipt {
        receipt: SignedStatement {
            body: TEXT.as_bytes().to_vec(),
            signature: vec![9; 64],
        },
    };
    add("/handover/receipt", packed(&receipt)?);
    let bring = BringAudit {
        incarnation: Incarnation(uuid()),
        after: 0,
        previous: [0; 32],
        rows: vec![AuditEntry {
            number: 1,
            at_ms: 0,
            staff: None,
            action: text(),
            object: text(),
            detail: text(),
        }],
        signature: vec![9; 64],
    };
    add("/audit/bring", packed(&bring)?);
    add("/handover/trail", packed(&bring)?);
    let read = ReadAudit {
        from_ms: 0,
        until_ms: i64::MAX,
        staff: None,
        actions: vec![text()],
        page: None,
    };
    add("/audit/list", packed(&read)?);
    let counts = ReadAuditCounts {
        month: "2026-11".to_owned(),
    };
    add("/audit/counts", packed(&counts)?);
    add("/exports/list", packed(&())?);
    let export = RequestExport {
        id,
        ledger: "L1".to_owned(),
        unit: Some(ground.village),
        purpose: text(),
        words: text(),
        fields: vec![text()],
        rows: 1,
        full_numbers: true,
    };
    add("/exports/request", packed(&export)?);
    let approve = true;
    add("/exports/decide", packed(&DecideExport { id, approve })?);
    add("/exports/use", packed(&UseExport { id, rows: 1 })?);
    add("/unit-keys/read", packed(&())?);
    add("/unit-keys/keep", packed(&unit_keys(device))?);
    let report = SignedStatement {
        body: TEXT.as_bytes().to_vec(),
        signature: vec![9; 64],
    };
    add("/reports/bring", packed(&BringReport { report })?);
    add("/reports/list", packed(&())?);
    let countersign = Countersign {
        station: ground.village,
        problem: document,
        closing: id,
        verdict: Verdict::NotOver,
        reason: Some(SealedReason {
            epoch: 1,
            sealed: vec![7; 90],
        }),
    };
    add("/countersign", packed(&countersign)?);
    let asked = AskCase {
        id,
        station: ground.village,
        problem: document,
        reason: SealedReason {
            epoch: 1,
            sealed: vec![7; 90],
        },
    };
    add("/cases/ask", packed(&asked)?);
    let sealed = vec![7u8; 90].into();
    let answer = CaseAnswer::Decline { sealed };
    add("/cases/answer", packed(&AnswerCase { id, answer })?);
    add("/cases/read", packed(&ReadCase { id })?);
    add_people(&mut add, id, ground.village)?;
    add("/erasures/list", packed(&())?);
    let (child, with) = (document, vec![document]);
    let erasure = RequestErasure {
        id,
        child,
        with: with.clone(),
        about: vec![],
        left: false,
        basis: "mistake".to_owned(),
        words: text(),
        part: None,
    };
    add("/erasures/request", packed(&erasure)?);
    add(
        "/erasures/decide",
        packed(&DecideErasure {
            id,
            approve,
            renewal: None,
            also: Vec::new(),
        })?,
    );
    let hold = SetHold {
        child,
        with,
        hold: true,
        words: text(),
    };
    add("/erasures/hold", packed(&hold)?);
    Ok(all)
}

fn unit_keys(device: ids::DeviceId) -> KeepUnitKeys {
    let statement = SignedStatement {
        body: TEXT.as_bytes().to_vec(),
        signature: vec![9; 64],
    };
    KeepUnitKeys {
        keys: vec![BroughtUnitKey {
            key: KnownUnitKey {
                statement,
                certificate: TEXT.as_bytes().to_vec(),
            },
            recovery: vec![1; 104],
        }],
        wraps: vec![WrappedUnitKey {
            epoch: 1,
            device,
            sealed: vec![2; 104],
        }],
    }
}

fn add_people(
    add: &mut impl FnMut(&'static str, Vec<u8>),
    id: uuid::Uuid,
    village: ids::UnitId,
) -> Result<()> {
    let text = || TEXT.to_owned();
    add("/people/list", packed(&())?);
    add("/people/own", packed(&())?);
    let vetting = Vetting {
        on: text(),
        reference: text(),
    };
    let grant = GrantPerson {
        id,
        unit: village,
        role: Role::Director,
        person: text(),
        from_ms: 0,
        until_ms: Some(i64::MAX),
        approved_by: text(),
        basis: text(),
        vetting: Some(vetting.clone()),
        replaces: Some(id),
        same_as: Some(ids::StaffId(id)),
        is_another: true,
    };
    add("/people/grant", packed(&grant)?);
    add(
        "/people/vet",
        packed(&RecordVetting { grant: id, vetting })?,
    );
    let end = EndGrant {
        grant: id,
        reason: text(),
    };
    add("/people/end", packed(&end)?);
    let cover = CoverVillage {
        id,
        unit: village,
        delegate: ids::StaffId(uuid()),
        absent: None,
        from_ms: i64::MIN,
        until_ms: i64::MAX,
    };
    add("/people/cover", packed(&cover)?);
    add("/people/cover/end", packed(&EndCover { id })?);
    let guest = OpenToGuest {
        id,
        documents: vec![DocumentId(id)],
        unit: village,
        from_ms: i64::MIN,
        until_ms: Some(i64::MAX),
    };
    add("/guests/open", packed(&guest)?);
    add("/guests/end", packed(&EndGuest { id })?);
    add("/people/recusals", packed(&())?);
    let recuse = RecusePerson {
        id,
        documents: vec![DocumentId(id)],
        staff: ids::StaffId(uuid()),
        stead: None,
        until_ms: None,
        reason: text(),
    };
    add("/people/recuse", packed(&recuse)?);
    add("/people/recuse/end", packed(&EndRecusal { id })?);
    Ok(())
}

fn packed<T: Serialize>(message: &T) -> Result<Vec<u8>> {
    Ok(wire::pack(message)?)
}

fn uuid() -> uuid::Uuid {
    new_uuid(
        &client::system::SystemClock,
        crate::device::entropy().as_ref(),
    )
}
