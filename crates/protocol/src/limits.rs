//! One table of sizes. Every bound that either end checks stands here, and nowhere else.

/// Raw bytes of envelopes a client packs into one part; about 64 KB once compressed.
pub const PART_RAW_BYTES: usize = 128 * 1024;
/// Envelopes in one part.
pub const PART_ENVELOPES: usize = 256;
/// A request body as it arrives, compressed.
pub const REQUEST_BYTES: usize = 768 * 1024;
/// A request body once inflated.
pub const REQUEST_INFLATED_BYTES: usize = 1024 * 1024;
/// A response body as it arrives, compressed.
pub const RESPONSE_BYTES: usize = 16 * 1024 * 1024;
/// A response body once inflated.
pub const RESPONSE_INFLATED_BYTES: usize = 32 * 1024 * 1024;
/// Arrays and maps inside each other in a message; unknown fields are walked through too, and a stack has an end.
pub const MESSAGE_DEPTH: usize = 32;
/// One Automerge change.
pub const CHANGE_BYTES: usize = 256 * 1024;
/// Operations in one change.
pub const CHANGE_OPS: u64 = 5_000;
/// Entries of one column of a change; predecessors may outnumber operations.
pub const COLUMN_ENTRIES: u64 = 20_000;
/// Columns in one change.
pub const CHANGE_COLUMNS: u64 = 64;
/// Automerge's own message in a change, in bytes; ours have none.
pub const MESSAGE_BYTES: u64 = 256;
/// Dependencies of one change.
pub const CHANGE_DEPS: u64 = 64;
/// Other actors named by one change.
pub const CHANGE_ACTORS: u64 = 256;
/// An actor id, in bytes.
pub const ACTOR_BYTES: u64 = 64;
/// The highest operation counter.
pub const MAX_OP: u64 = u32::MAX as u64;
/// The signed head of an envelope.
pub const HEAD_BYTES: usize = 2 * 1024;
/// All changes of one document together.
pub const DOCUMENT_BYTES: u64 = 8 * 1024 * 1024;
/// Changes of one document waiting for what they depend on.
pub const HELD_PER_DOCUMENT: u64 = 256;
/// Refusals of one device the server remembers for the station; more are the same story.
pub const REFUSALS_PER_DEVICE: u64 = 500;
/// Entries in one answer.
pub const RESPONSE_ENTRIES: u32 = 2_000;
/// Raw bytes of entries or documents in one answer when the caller names no number.
pub const ANSWER_RAW_BYTES: u32 = 512 * 1024;
/// The most raw bytes a caller may ask for in one answer.
pub const ANSWER_RAW_BYTES_MAX: u32 = 4 * 1024 * 1024;
/// A form pack that a station publishes, as JSON: four times the longest one there is.
pub const FORM_BYTES: usize = 384 * 1024;
/// Forms a station publishes in all: one a quarter, for as long as a child is one.
pub const FORMS: usize = 64;
/// A name of a person or a unit, in characters.
pub const NAME_CHARS: usize = 40;
/// How long somebody may stand in for a village at most.
pub const COVER_MS: i64 = 366 * 24 * 60 * 60 * 1000;
/// Wrong proofs that burn an enrolment.
pub const WRONG_PROOFS: u32 = 5;
/// Times an enrolment may be begun before it is burnt.
pub const ENROLMENT_STARTS: u32 = 20;
/// How long an enrolment lives.
pub const ENROLMENT_MS: i64 = 10 * 60 * 1000;
/// How long a station may enrol without the server ([`crate::delegation`]).
pub const DELEGATION_MS: i64 = 24 * 60 * 60 * 1000;
/// For how many people it may do so meanwhile.
pub const DELEGATED_PEOPLE: usize = 60;
/// Tablets of one person: a second one, should the first break before it was set up.
pub const DELEGATED_EACH: usize = 2;
/// How long after the end a tablet is believed whose enrolment is not in the station's trail.
pub const DELEGATION_UNTOLD_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// A tablet's request, as a file.
pub const OFFLINE_REQUEST: usize = 4 * 1024;
/// The answer to it, as a file, before it is sealed.
pub const OFFLINE_ANSWER_BYTES: usize = 12 * 1024 * 1024;
/// Raw bytes of a village's documents in an answer: some five thousand changes, and never more than the file may hold.
pub const OFFLINE_DOCUMENTS_BYTES: usize = 8 * 1024 * 1024;
/// The answer, inflated.
pub const OFFLINE_ANSWER_INFLATED_BYTES: usize = 32 * 1024 * 1024;
/// How long a session lives.
pub const SESSION_MS: i64 = 10 * 60 * 1000;
/// Rows of an audit chain in one message.
pub const AUDIT_ROWS: usize = 500;
/// Codes one question about audit rows may name.
pub const AUDIT_ACTIONS: usize = 64;
/// Rows of audit chains in one page.
pub const AUDIT_PAGE: u32 = 2_000;
/// How long an export's request can be decided, and then used.
pub const EXPORT_MS: i64 = 24 * 60 * 60 * 1000;
/// Columns of an export.
pub const EXPORT_FIELDS: usize = 64;
/// Keys of a station in one message.
pub const UNIT_KEYS: usize = 64;
/// Secret halves of them in one message.
pub const UNIT_KEY_WRAPS: usize = 1_024;
/// A secret half, sealed.
pub const UNIT_KEY_SEALED_BYTES: usize = 256;
/// How long a request to erase a file can be decided.
pub const ERASURE_MS: i64 = 14 * 24 * 60 * 60 * 1000;
/// Documents that are erased with one file, its own counted.
pub const ERASURE_DOCUMENTS: usize = 256;
/// Documents in one inventory message.
pub const INVENTORY_LINES: usize = 1_000;
/// Hashes in one inventory message.
pub const INVENTORY_HASHES: usize = 8_000;
/// Member records, and orders, in one refill message.
pub const REFILL_STATEMENTS: usize = 500;
/// How far from the server's clock a request may be signed that has no session.
pub const PROOF_MS: i64 = 5 * 60 * 1000;
/// How long a device certificate lives.
pub const CERTIFICATE_MS: i64 = 90 * 24 * 60 * 60 * 1000;
/// A certificate that ends within this time is made anew at the next sync.
pub const CERTIFICATE_RENEW_MS: i64 = 14 * 24 * 60 * 60 * 1000;
/// Changes of one stopped device in the review tray: more than half a year's work of a village.
pub const HANDED_OVER: u64 = 20_000;
/// Bytes of photos, signatures and recordings one stopped device may begin to hand over, all days together: nobody can stop
/// it once more.
pub const HANDED_OVER_BLOB_BYTES: u64 = 1024 * 1024 * 1024;
/// Photos, signatures and recordings one stopped device may begin to hand over, however small they are.
pub const HANDED_OVER_BLOBS: u64 = 20_000;
/// Rows of its trail one stopped device may hand over, all of its memories together: no row of a trail is ever removed.
pub const HANDED_OVER_TRAIL_ROWS: u64 = 100_000;
/// A part of what a wiped device could not hand over as changes.
pub const REMAINS_PART_BYTES: usize = 256 * 1024;
/// Parts of it.
pub const REMAINS_PARTS: u32 = 64;
/// A code of a policy's list, in bytes.
pub const CODE_BYTES: usize = 32;
/// A station's report, in bytes.
pub const REPORT_BYTES: usize = 256 * 1024;
/// Villages in it.
pub const REPORT_VILLAGES: usize = 500;
/// Codes that are counted in a village.
pub const REPORT_CODES: usize = 64;
/// Matters of life and safety in it.
pub const REPORT_LINES: usize = 500;
/// An officer's reason, in characters.
pub const REASON_CHARACTERS: usize = 300;
/// The same sealed: four bytes for a character, the key made for it, the nonce and the tag.
pub const SEALED_REASON_BYTES: usize = 4 * REASON_CHARACTERS + 32 + 24 + 16;
/// What the district says of one problem's closings, over the years.
pub const COUNTERSIGNATURES: usize = 50;
/// What the district said of a station's closings, as it is passed on with the reports: the newest.
pub const COUNTERSIGNATURES_LISTED: u32 = 500;
/// What one device of an officer may have asked of a station without an answer.
pub const CASES_OPEN: u32 = 20;
/// Requests for cases, as they are passed on with a station's report: the newest.
pub const CASES_LISTED: u32 = 100;
/// The file of a case, sealed.
pub const CASE_FILE_BYTES: usize = 256 * 1024;
/// How long it may lie at the server at most; the policy says how long it does.
pub const CASE_MS: i64 = 31 * 24 * 60 * 60 * 1000;
/// How long an offer to move documents waits for a decision.
pub const MOVE_OFFER_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Documents in one move: a household with all its children and their problems.
pub const MOVE_DOCUMENTS: usize = 200;
/// Late records in one page; fewer when they are large ([`ANSWER_RAW_BYTES_MAX`]).
pub const REVIEW_PAGE: u32 = 500;
/// A subject or a reason, in characters.
pub const MOVE_TEXT_CHARS: usize = 200;
/// File numbers in one device's block.
pub const FILE_NUMBERS: u32 = 1_000;
/// Memory the admission worker may use, address space included.
pub const WORKER_BYTES: u64 = 512 * 1024 * 1024;
/// One question to the worker, or one answer of it.
pub const WORKER_FRAME_BYTES: usize = 64 * 1024 * 1024;
/// Processor time the worker may take over one document, in seconds.
pub const JUDGE_S: u64 = 2;
/// For every so many changes that wait it may take a second more.
pub const JUDGE_CHANGES_PER_S: u64 = 50;
/// How long an answer of the worker is waited for, in seconds, before it is replaced and asked again later.
pub const JUDGE_WAIT_S: u64 = 120;
/// Saved documents the publisher keeps between two passes, in bytes.
pub const PUBLISHER_BYTES: usize = 8 * 1024 * 1024;
/// How much the worker stands back for everybody else on the machine, as the system counts it (0 to 19): at the peak
/// taking goes before publishing, and a tenth of a processor is left for it.
pub const WORKER_NICE: i32 = 10;
/// How long a sync may wait for its own changes to be published, in milliseconds.
pub const PUBLISH_WAIT_MS: u64 = 2_000;
/// Changes in the inbox above which nobody waits for the publisher.
pub const PUBLISH_WAIT_MOST: u64 = 512;
/// Requests with words in them that the server works on at the same time; as many may wait.
pub const PLACES_WORDS: usize = 64;
/// Requests for whole documents at the same time.
pub const PLACES_PULLS: usize = 16;
/// Requests with parts of attachments at the same time.
pub const PLACES_BLOBS: usize = 8;
/// Requests of strangers at the same time: who enrols, opens a session, or asks whether the server lives.
pub const PLACES_OPEN: usize = 8;
/// Of those, the most one address has at the same time, where the server is told nothing else: some are always left.
pub const PLACES_OPEN_PER_ADDRESS: usize = 6;
/// Connections one address may have open, where the server is told nothing else: half of all there are. The tablets of a
/// township may come from one address, with one or two each.
pub const CONNECTIONS_PER_ADDRESS: u32 = 1_024;
/// What a stranger may say in one request, in bytes; it is read before there is a place for it.
pub const OPEN_REQUEST_BYTES: usize = 64 * 1024;
/// Requests to enrol or open a session from one address in a second, in the long run. A township may have one address.
pub const OPEN_REQUESTS_PER_S: i64 = 40;
/// The same as fast as anybody likes, after it was quiet.
pub const OPEN_BURST: i64 = 400;
/// The same from all addresses together.
pub const OPEN_REQUESTS_OF_ALL_PER_S: i64 = 200;
/// The same from all addresses together, after it was quiet.
pub const OPEN_BURST_OF_ALL: i64 = 2_000;
/// How long the pace may make such a request wait before it is sent away, milliseconds.
pub const OPEN_WAIT_MS: u64 = 2_000;
/// Codes of four digits that nobody made, typed from one address within the life of a code, before it is heard no more.
pub const ENROLMENT_GUESSES: u32 = 20;
/// How long a request's headers may take, milliseconds.
pub const HEADERS_MS: u64 = 10_000;
/// How long a request's body may say nothing, milliseconds.
pub const BODY_IDLE_MS: u64 = 15_000;
/// How long a request may take, its body included, milliseconds.
pub const REQUEST_MS: u64 = 60_000;
/// How long a request waits for its place, milliseconds.
pub const WAIT_FOR_PLACE_MS: u64 = 2_000;
/// Requests of one device at the same time.
pub const DEVICE_REQUESTS: usize = 2;
/// Further requests of it that may wait until one of those is answered: somebody taps while her tablet syncs.
pub const DEVICE_WAITING: usize = 4;
/// How long they wait, milliseconds; longer than what is published while it is waited for.
pub const DEVICE_WAIT_MS: u64 = 10_000;
/// Requests of one device in a second, in the long run; whoever asks faster is answered more slowly.
pub const DEVICE_REQUESTS_PER_S: i64 = 40;
/// Requests of one device as fast as it likes, after it was quiet.
pub const DEVICE_BURST: i64 = 200;
/// The soonest a busy server asks a device to come again, seconds.
pub const BACKOFF_S: u32 = 20;
/// The latest.
pub const BACKOFF_MOST_S: u32 = 180;
/// A blob as it lies and travels, sealed.
pub const BLOB_BYTES: u64 = 8 * 1024 * 1024;
/// Bytes of a blob in one message to the server.
pub const BLOB_CHUNK_BYTES: usize = 64 * 1024;
/// Bytes of a blob in one answer.
pub const BLOB_READ_BYTES: u32 = 256 * 1024;
/// Blobs named in one offer.
pub const BLOB_OFFERS: usize = 64;
/// Bytes of blobs that one device may begin to send within a day: half a year's photos take some nights, not one.
pub const BLOB_BYTES_PER_DAY: u64 = 256 * 1024 * 1024;
