//! What a caller is told when the answer is no: a code, a sentence and a next step. Nothing about data, nothing for those without rights.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::{ErrorMessage, ProtocolError};

macro_rules! api_errors {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $code:literal, $message:literal, $next:literal;)*) => {
        /// Every refusal of a request. The texts are constant.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        pub enum ApiError {
            $($(#[$doc])* #[error($code)] $name,)*
        }

        impl ApiError {
            /// All of them, for the API description and tests.
            pub const ALL: &'static [ApiError] = &[$(ApiError::$name,)*];

            /// HTTP status.
            pub fn status(self) -> StatusCode {
                match self { $(ApiError::$name => StatusCode::$status,)* }
            }

            /// Stable code.
            pub fn code(self) -> &'static str {
                match self { $(ApiError::$name => $code,)* }
            }

            /// What the body says.
            pub fn message(self) -> ErrorMessage {
                let (code, message, next) = match self {
                    $(ApiError::$name => ($code, $message, $next),)*
                };
                ErrorMessage {
                    code: code.to_owned(),
                    message: message.to_owned(),
                    next: next.to_owned(),
                }
            }
        }
    };
}

api_errors! {
    /// Not a message.
    Malformed = BAD_REQUEST, "malformed", "服务器看不懂这个请求。", "请更新应用后再试。";
    /// Over a limit.
    TooLarge = PAYLOAD_TOO_LARGE, "too_large", "发送的内容太大。", "请分成几部分再发送。";
    /// A newer protocol.
    TooNew = BAD_REQUEST, "too_new", "应用比服务器新。", "请联系管理员更新服务器。";
    /// No session, or one that ended.
    SessionUnknown = UNAUTHORIZED, "session_unknown", "需要重新登录服务器。", "应用会自动重新连接。";
    /// Not a device we know, or a signature that does not hold.
    DeviceUnknown = UNAUTHORIZED, "device_unknown", "服务器不认识这台设备。", "请联系儿童督导员重新登记。";
    /// The device was revoked.
    DeviceRevoked = FORBIDDEN, "device_revoked", "这台设备已被停用。", "请联系儿童督导员。";
    /// Decided, used, or too late.
    ExportOver = CONFLICT, "export_over", "这份导出已经办过了，或者过了时间。", "请刷新后再看。";
    /// Answered, or its days are over.
    CaseOver = CONFLICT, "case_over", "这件事已经答复过了，或者过了时间。", "请刷新后再看。";
    /// Decided already, or nobody decided in time.
    ErasureOver = CONFLICT, "erasure_over", "这份删除申请已经办过了，或者过了时间。", "请刷新后再看。";
    /// Something came into the document since it was built anew.
    ErasureChanged = CONFLICT, "erasure_changed", "申请以后，这份档案又有了新内容。", "请同步后再试。";
    /// Somebody's late work about it is not decided yet.
    ErasureWaits = CONFLICT, "erasure_waits", "这份档案还有没处理完的记录。", "请先在“迁移”里处理晚到的记录。";
    /// It must be kept.
    OnHold = CONFLICT, "on_hold", "这份档案已登记暂缓删除，现在不能删。", "请先找站长解除暂缓。";
    /// Not for this role or unit.
    NotAllowed = FORBIDDEN, "not_allowed", "没有权限做这件事。", "请联系儿童督导员。";
    /// Nothing there.
    NotFound = NOT_FOUND, "not_found", "没有找到。", "请检查后再试。";
    /// Another method.
    MethodNotAllowed = METHOD_NOT_ALLOWED, "method_not_allowed", "服务器不支持这种请求。", "请更新应用后再试。";
    /// Restored from an older copy, and what came after it is not back yet.
    Gathering = SERVICE_UNAVAILABLE, "gathering", "服务器刚恢复过备份，正在把各台平板上的记录收齐。", "请先照常记，应用会稍后自动再试。";
    /// Too much to do.
    Busy = SERVICE_UNAVAILABLE, "busy", "服务器正忙。", "应用会稍后自动再试。";
    /// Took too long.
    TimedOut = REQUEST_TIMEOUT, "timed_out", "请求超时。", "请检查网络，应用会自动再试。";
    /// The digits or the proof are wrong, or nobody made this code.
    EnrolCodeWrong = FORBIDDEN, "enrol_code_wrong", "登记码不对。", "请核对登记码后再输入。";
    /// Ten minutes are over.
    EnrolCodeExpired = GONE, "enrol_code_expired", "登记码已过期。", "请让服务站重新生成登记码。";
    /// Used already.
    EnrolCodeUsed = GONE, "enrol_code_used", "登记码已经用过。", "请让服务站重新生成登记码。";
    /// Too many codes from there that nobody made.
    EnrolGuesses = TOO_MANY_REQUESTS, "enrol_guesses", "从这里输错登记码的次数太多了。", "请过十分钟再输，或扫二维码。";
    /// Too many wrong proofs.
    EnrolCodeBurnt = GONE, "enrol_code_burnt", "登记码输错次数过多，已作废。", "请让服务站重新生成登记码。";
    /// The station has not said yes.
    EnrolNotConfirmed = CONFLICT, "enrol_not_confirmed", "服务站还没有确认。", "请和服务站核对六位数字。";
    /// The six digits are not these.
    EnrolCompareWrong = CONFLICT, "enrol_compare_wrong", "六位数字已经变了。", "请和设备重新核对六位数字。";
    /// Another tablet came with the same place before.
    DelegationTaken = CONFLICT, "delegation_taken", "这份登记文件已经给别的平板用过。", "记录还在这台平板上。请带上平板到服务站重新登记。";
    /// The station is not known here (yet), or the word is none.
    DelegationUnknown = CONFLICT, "delegation_unknown", "服务器还不认识给这台平板登记的服务站。", "请先照常记，等服务站联网以后再同步。";
    /// The key belongs to a device already.
    AlreadyEnrolled = CONFLICT, "already_enrolled", "这台设备已经登记过。", "请直接使用，或联系儿童督导员。";
    /// A name is missing or too long.
    NameMissing = BAD_REQUEST, "name_missing", "名称没有填写或太长。", "请填写名称。";
    /// A village of that name or code exists.
    VillageExists = CONFLICT, "village_exists", "这个村已经有了。", "请在列表中找到它。";
    /// A form of that id exists with other words.
    FormExists = CONFLICT, "form_exists", "这个编号的表已经发过，内容不一样。", "请给新表换一个编号。";
    /// More forms than a township ever needs.
    FormsFull = CONFLICT, "forms_full", "发过的走访表太多了。", "请联系区里的管理员。";
    /// Not a form pack.
    FormInvalid = BAD_REQUEST, "form_invalid", "这不是一份走访表。", "请先检查表格，再发布。";
    /// A township of that name or code exists.
    TownshipExists = CONFLICT, "township_exists", "这个乡镇已经有了。", "请核对名称和区划代码。";
    /// One of the documents is in another open offer.
    MoveOpen = CONFLICT, "move_open", "其中有档案正在办理转出。", "请先等对方接收，或撤回之前的转出。";
    /// The offer is decided, taken back or over, or a document is not where it was.
    MoveOver = CONFLICT, "move_over", "这次转出已经结束。", "请刷新后再看。";
    /// The documents cannot go there.
    MoveImpossible = BAD_REQUEST, "move_impossible", "这些档案不能转到那里。", "请重新选择转往的村。";
    /// What the late change depends on was set aside.
    ReviewNeedsEarlier = CONFLICT, "review_needs_earlier", "它接着更早的一条记录，那一条还没有收下。", "请先看更早的那一条。";
    /// The late change does not fit the document.
    ReviewNotApplicable = CONFLICT, "review_not_applicable", "这条记录放不进现在的档案。", "可以收在一边，请和写的人联系。";
    /// The late change's bytes were altered or lost at the server.
    ReviewDamaged = CONFLICT, "review_damaged", "这条记录在服务器上坏了，打不开。", "请把它的编号告诉管服务器的人，先别放在一边。";
    /// Not twelve digits.
    RegionInvalid = BAD_REQUEST, "region_invalid", "区划代码应为12位数字。", "请核对区划代码。";
    /// A person's only station device does not stop itself.
    RevokeOwnLast = CONFLICT, "revoke_own_last", "这是你在站里唯一的一台设备，不能自己停用自己。", "请先登记另一台，或者请站里的同事来停用。";
    /// Dates, approval or vetting are not whole.
    GrantIncomplete = BAD_REQUEST, "grant_incomplete", "批准人、批准文号、日期或查询编号没有填全。", "请补全后再试。";
    /// Nobody appointed this person, or it is over.
    GrantMissing = CONFLICT, "grant_missing", "这个人还没有登记批准，或已到期。", "请先在“人员”里登记。";
    /// Nobody appoints, prolongs or vets themselves.
    OwnAppointment = FORBIDDEN, "own_appointment", "自己的任期和从业查询不能由自己登记。", "请站里的同事或站长来登记；站里只有一个人时，请找管服务器的人。";
    /// Somebody of that name has or had this very post.
    NamesakeHere = CONFLICT, "namesake_here", "这个岗位上已有同名的人。", "还是这个人的，请点“续任”；是另一个人的，请在名字后加区别。";
    /// Somebody of that name is known in the township.
    NamesakeKnown = CONFLICT, "namesake_known", "本街镇已登记过同名的人。", "请说明是同一个人，还是另一个人。";
    /// A director without vetting.
    VettingMissing = CONFLICT, "vetting_missing", "还没有登记从业查询。", "请先在“人员”里登记查询日期和编号。";
    /// Nobody can stand in like this.
    CoverImpossible = BAD_REQUEST, "cover_impossible", "不能这样委派。", "请核对村、人员和日期。";
    /// One village at a time.
    CoverTaken = CONFLICT, "cover_taken", "这段时间她已经代管另一个村。", "请换一个人，或换一段时间。";
    /// Whoever is not to act for a family asked to decide about it.
    Recused = FORBIDDEN, "recused", "这份档案您已登记回避，不能由您办。", "请由站里别的同事来办。";
    /// Nobody can be told not to act like this.
    RecusalImpossible = BAD_REQUEST, "recusal_impossible", "不能这样登记回避。", "请核对回避的人、代为走访的人和日期。";
    /// A second village cannot be told of these files like this.
    GuestImpossible = BAD_REQUEST, "guest_impossible", "不能这样告知户籍村。", "请核对档案、村和日期；孩子本来就在那个村的，不用告知。";
    /// Only a village of this township.
    GuestElsewhere = BAD_REQUEST, "guest_elsewhere", "户籍村不在本街镇，这里不能告知。", "请按流动儿童的办法和那边的工作站联系；孩子搬过去的，请办理转出。";
    /// One second village at a time.
    GuestTaken = CONFLICT, "guest_taken", "这段时间这份档案已经告知了一个户籍村。", "请先结束原来的告知，或换一段时间。";
    /// Merged into another one.
    UnitClosed = CONFLICT, "unit_closed", "这个村已经并入别的村。", "请选择现在的村。";
    /// What a stopped device may not hand over any more.
    HandedOverTooMuch = PAYLOAD_TOO_LARGE, "handed_over_too_much", "这台设备交来的内容太多，先不再收。", "请联系儿童督导员。";
    /// Our fault.
    Internal = INTERNAL_SERVER_ERROR, "internal", "服务器出了问题。", "请稍后再试；仍不行请联系管理员。";
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.message()).unwrap_or_default();
        (
            self.status(),
            [(header::CONTENT_TYPE, "application/json")],
            body,
        )
            .into_response()
    }
}

impl From<ProtocolError> for ApiError {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::TooLarge { .. } => ApiError::TooLarge,
            ProtocolError::TooNew { .. } => ApiError::TooNew,
            ProtocolError::Malformed(_) => ApiError::Malformed,
            ProtocolError::BadSignature => ApiError::DeviceUnknown,
        }
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        // The driver's text may quote a row: only its code is logged.
        tracing::error!(code = ?error.sqlite_error_code(), "database");
        ApiError::Internal
    }
}

impl From<crate::vault::VaultError> for ApiError {
    fn from(error: crate::vault::VaultError) -> Self {
        tracing::error!(%error, "vault");
        ApiError::Internal
    }
}
