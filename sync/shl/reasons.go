package shl

import "shlkiosk/sync/guard"

// The reasons a link is not opened. Those of the guard keep its words.
const (
	Empty      Reason = "empty"
	NotALink   Reason = "not-a-link"
	TwoLinks   Reason = "two-links"
	TextTooBig Reason = "text-too-big"
	Damaged    Reason = "damaged"

	PayloadDuplicate Reason = "payload-duplicate"
	URLMissing       Reason = "url-missing"
	URLInvalid       Reason = Reason(guard.BadURL)
	URLTooLong       Reason = Reason(guard.URLTooLong)
	URLScheme        Reason = Reason(guard.BadScheme)
	KeyInvalid       Reason = "key-invalid"
	ExpInvalid       Reason = "exp-invalid"
	Expired          Reason = "expired"
	NewerVersion     Reason = "newer-version"
	VersionInvalid   Reason = "v-invalid"
	FlagInvalid      Reason = "flag-invalid"
	PasscodeNeeded   Reason = "passcode-needed"
	Wiped            Reason = "wiped"

	Blocked         Reason = Reason(guard.Blocked)
	DNS             Reason = Reason(guard.DNS)
	Unreachable     Reason = Reason(guard.Unreachable)
	TLS             Reason = Reason(guard.TLS)
	TimedOut        Reason = Reason(guard.TimedOut)
	Cancelled       Reason = Reason(guard.Cancelled)
	Redirected      Reason = Reason(guard.Redirected)
	TooLarge        Reason = Reason(guard.TooLarge)
	ContentEncoding Reason = Reason(guard.Encoding)
	NotActive       Reason = "not-active"
	ExpiredAtServer Reason = "expired-at-server"
	WrongPasscode   Reason = "wrong-passcode"
	PasscodeLocked  Reason = "passcode-locked"
	RefusedByServer Reason = "refused-by-server"
	RateLimited     Reason = "rate-limited"
	ServerError     Reason = "server-error"
	OddStatus       Reason = "unexpected-status"
	HTMLAnswer      Reason = "html-answer"
	EmptyAnswer     Reason = "empty-answer"
	ManifestInvalid Reason = "manifest-invalid"
	NoFiles         Reason = "no-files"
	TooManyFiles    Reason = "too-many-files"
	FileEntry       Reason = "file-entry"
	LocationTwice   Reason = "location-twice"
	LocationGone    Reason = "location-gone"
	Withdrawn       Reason = "withdrawn"

	NotAJWE        Reason = "not-a-jwe"
	ClearText      Reason = "clear-text"
	JWEHeader      Reason = "jwe-header"
	JWEAlgorithm   Reason = "jwe-algorithm"
	JWECritical    Reason = "jwe-crit"
	JWEZip         Reason = "jwe-zip"
	JWEShape       Reason = "jwe-shape"
	KeyMismatch    Reason = "key-mismatch"
	AuthFailed     Reason = "auth-failed"
	InflateFailed  Reason = "inflate-failed"
	InflatedTooBig Reason = "inflated-too-large"

	ContentEmpty   Reason = "content-empty"
	ContentUnknown Reason = "content-unknown"
)

// Explanation is one row of the table of reasons: what each reader is told.
// The patient's words are a seed for the catalogues (ui/words); the key names
// the entry there.
type Explanation struct {
	Code    Reason `json:"code"`
	Stage   Stage  `json:"stage"`
	Key     string `json:"key"`
	Patient string `json:"patient"`
	Staff   string `json:"staff"`
	Do      string `json:"do"`
}

const newCode = "Open your app and make a new code."
const atDesk = "The front desk can help you."

// Reasons is the table of every code of this room, in the order of the stages.
func Reasons() []Explanation {
	return []Explanation{
		{Empty, StageDecode, "link.empty", "Show the code to the camera.", "The text was empty.", "Scan or paste again."},
		{NotALink, StageDecode, "link.not-a-link", "This is not a health record code. " + newCode, "The text is no SMART Health Link; the kind found is in the detail.", "Ask the patient for the code of the health app."},
		{TwoLinks, StageDecode, "link.two", "There are two different codes. Please show one.", "Two different links in one text.", "Paste or scan one link."},
		{TextTooBig, StageDecode, "link.text-too-big", "This text is too long for a health record code. " + newCode, "The text is above the ceiling.", "Scan the code instead of pasting a page."},
		{Damaged, StageDecode, "link.damaged", "The code could not be read in full. Hold it still and show it again.", "Not base64url of a JSON object: cut off, or not a link of the standard.", "Scan again; if it stays, ask for a new code."},

		{PayloadDuplicate, StagePayload, "link.invalid", "This code was not made correctly. " + newCode, "A member of the payload occurs twice.", "Report to the app's maker."},
		{URLMissing, StagePayload, "link.invalid", "This code was not made correctly. " + newCode, "url is missing, empty or not a string.", "Report to the app's maker."},
		{URLInvalid, StagePayload, "link.invalid", "This code was not made correctly. " + newCode, "The address is relative, has user information, a fragment, a backslash or control characters.", "Report to the app's maker."},
		{URLTooLong, StagePayload, "link.invalid", "This code was not made correctly. " + newCode, "The address is above 2048 characters (the norm says 128).", "Report to the app's maker."},
		{URLScheme, StagePayload, "link.unsafe", "This code points to a place that is not safe to open. " + atDesk, "The address is not https.", "Report to the app's maker."},
		{KeyInvalid, StagePayload, "link.invalid", "This code was not made correctly. " + newCode, "key is not 32 bytes of base64url.", "Report to the app's maker."},
		{ExpInvalid, StagePayload, "link.invalid", "This code was not made correctly. " + newCode, "exp is not a time.", "Report to the app's maker."},
		{Expired, StagePayload, "link.expired", "This code ran out. " + newCode, "exp is in the past by more than the allowed skew. Check the kiosk's clock if this happens to everybody.", "Ask for a new code; nothing was requested."},
		{NewerVersion, StagePayload, "link.newer-version", "This code needs a newer kiosk. " + atDesk, "v is above 1, the only version known.", "Update the kiosk; until then take the record another way."},
		{VersionInvalid, StagePayload, "link.invalid", "This code was not made correctly. " + newCode, "v is not a positive whole number.", "Report to the app's maker."},
		{FlagInvalid, StagePayload, "link.invalid", "This code was not made correctly. " + newCode, "flag is not a string.", "Report to the app's maker."},
		{PasscodeNeeded, StagePayload, "link.passcode-needed", "Please enter the passcode of your code.", "Flag P is set and no passcode was given; nothing was requested.", "Ask the patient for the passcode."},
		{Wiped, StagePayload, "link.start-again", "Please show your code again.", "The link was wiped at the end of its visit.", "Scan again."},

		{Blocked, StageRetrieve, "link.unsafe", "This code points to a place the kiosk must not open. " + atDesk, "The address is special-purpose, internal, a number, or on another port than 443; the rule is in the detail.", "If it is a server of this site, add it to retrieval.allow."},
		{DNS, StageRetrieve, "link.unreachable", "The service of your app cannot be reached. " + atDesk, "The name has no address.", "Check the kiosk's network and DNS, then try again."},
		{Unreachable, StageRetrieve, "link.unreachable", "The service of your app cannot be reached. " + atDesk, "No connection, or it broke.", "Check the kiosk's network, then try again."},
		{TLS, StageRetrieve, "link.unreachable", "The service of your app cannot be reached safely. " + atDesk, "The certificate or the handshake is not acceptable; there is no way past it.", "Check the kiosk's clock; report to the app's maker."},
		{TimedOut, StageRetrieve, "link.unreachable", "The service of your app did not answer in time. " + atDesk, "The deadline passed.", "Try again once; then take the record another way."},
		{Cancelled, StageRetrieve, "link.cancelled", "Stopped. Show your code to start again.", "The visit ended while the record was on its way.", "Nothing to do."},
		{Redirected, StageRetrieve, "link.unsafe", "The service of your app sent the kiosk to another place. " + atDesk, "A redirect of a POST, more than two, or one to an address that must not be opened.", "Report to the app's maker."},
		{TooLarge, StageRetrieve, "link.too-large", "This record is too big for the kiosk. " + atDesk, "A body is above its ceiling (retrieval limits).", "Raise the limit, or take the record another way."},
		{ContentEncoding, StageRetrieve, "link.server-error", "The service of your app gave an answer the kiosk cannot read. " + atDesk, "A content encoding that was not offered.", "Report to the server's operator."},
		{NotActive, StageRetrieve, "link.not-active", "This code is no longer active. " + newCode, "404 or 410: revoked, used up, expired at the server, or locked after wrong passcodes.", "Ask for a new code."},
		{ExpiredAtServer, StageRetrieve, "link.not-active", "This code is no longer active. " + newCode, "The server says in words that the link expired or was revoked.", "Ask for a new code."},
		{WrongPasscode, StageRetrieve, "link.wrong-passcode", "The passcode is not correct. Please check it and try again.", "The server refused the passcode. The count of tries is for the life of the link.", "Let the patient type it again; never guess."},
		{PasscodeLocked, StageRetrieve, "link.locked", "This code is locked. " + newCode, "No attempts are left.", "Ask for a new code."},
		{RefusedByServer, StageRetrieve, "link.refused", "The service of your app refused to give the record. " + newCode, "400, 401 or 403 for a reason that is not the passcode.", "Ask for a new code; report to the app's maker."},
		{RateLimited, StageRetrieve, "link.wait", "Too many tries. Please wait until the countdown ends.", "429 or 503 with Retry-After.", "Wait; above five minutes take the record another way."},
		{ServerError, StageRetrieve, "link.server-error", "The service of your app has a problem. " + atDesk, "5xx.", "Try again later."},
		{OddStatus, StageRetrieve, "link.server-error", "The service of your app gave an answer the kiosk cannot read. " + atDesk, "A status that the standard does not know here.", "Report to the server's operator."},
		{HTMLAnswer, StageRetrieve, "link.server-error", "The service of your app showed a web page in place of the record. " + atDesk, "text/html: a login page, a bot wall or a captive portal.", "Check the kiosk's network for a captive portal."},
		{EmptyAnswer, StageRetrieve, "link.server-error", "The service of your app gave an empty answer. " + newCode, "A success without a body.", "Ask for a new code."},
		{ManifestInvalid, StageRetrieve, "link.server-error", "The service of your app gave an answer the kiosk cannot read. " + newCode, "The manifest is not JSON with a files array.", "Report to the server's operator."},
		{NoFiles, StageRetrieve, "link.no-files", "There is nothing in this code yet. " + newCode, "The manifest lists no files.", "Let the patient share something and make a new code."},
		{TooManyFiles, StageRetrieve, "link.too-large", "This record has too many documents for the kiosk. " + atDesk, "The manifest lists more files than the limit.", "Raise the limit, or let the patient share fewer."},
		{FileEntry, StageRetrieve, "link.file-unreadable", "One document could not be read. " + atDesk, "A files entry without a usable location or embedded content; or a query of a smart-api-access file that is not relative to its server, or was not answered with FHIR.", "Report to the server's operator."},
		{LocationTwice, StageRetrieve, "link.file-unreadable", "One document was listed twice and is shown once.", "Two files entries with the same location; it is fetched once.", "Nothing to do."},
		{LocationGone, StageRetrieve, "link.file-unreadable", "One document was no longer there. Show your code again.", "A located file answered 401, 403, 404 or 410, also after one fresh manifest (a link with a passcode gets no second manifest).", "Let the patient start again."},
		{Withdrawn, StageRetrieve, "link.withdrawn", "A document was withdrawn by its sender and is not used.", "status no-longer-valid.", "Nothing to do."},

		{NotAJWE, StageDecrypt, "link.unreadable", "The record could not be opened. " + newCode, "The file is not a compact JWE of five parts.", "Report to the app's maker."},
		{ClearText, StageDecrypt, "link.unreadable", "The record was not protected as it must be and is not used. " + atDesk, "The file is not encrypted.", "Report to the app's maker at once."},
		{JWEHeader, StageDecrypt, "link.unreadable", "The record could not be opened. " + newCode, "The protected header is not JSON, or a member occurs twice.", "Report to the app's maker."},
		{JWEAlgorithm, StageDecrypt, "link.unreadable", "The record could not be opened. " + newCode, "alg is not dir or enc is not A256GCM.", "Report to the app's maker."},
		{JWECritical, StageDecrypt, "link.unreadable", "The record could not be opened. " + newCode, "crit names an extension that is not known.", "Report to the app's maker."},
		{JWEZip, StageDecrypt, "link.unreadable", "The record could not be opened. " + newCode, "zip is not DEF.", "Report to the app's maker."},
		{JWEShape, StageDecrypt, "link.unreadable", "The record could not be opened. " + newCode, "Encrypted key not empty, IV not 96 bits, tag not 128 bits, or a part not base64url.", "Report to the app's maker."},
		{KeyMismatch, StageDecrypt, "link.key", "The code and the record do not belong together. " + newCode, "kid is the thumbprint of another key than the link's.", "Ask for a new code."},
		{AuthFailed, StageDecrypt, "link.key", "The code and the record do not belong together. " + newCode, "AES-GCM authentication failed: wrong key, or the file was changed.", "Ask for a new code; if it repeats, report it."},
		{InflateFailed, StageDecrypt, "link.unreadable", "The record could not be opened. " + newCode, "zip DEF: the plaintext is not DEFLATE, is cut off, or something follows it.", "Report to the app's maker."},
		{InflatedTooBig, StageDecrypt, "link.too-large", "This record is too big for the kiosk. " + atDesk, "Inflated above the ceiling.", "Raise the limit, or take the record another way."},

		{ContentEmpty, StageBundle, "link.no-files", "There is nothing in this record. " + newCode, "The plaintext is empty.", "Ask for a new code."},
		{ContentUnknown, StageBundle, "link.file-unreadable", "One document is of a kind the kiosk does not know. " + atDesk, "Neither cty, nor the manifest, nor the bytes name a known kind.", "Take the document another way."},
	}
}

// Explain finds the row of a code.
func Explain(code Reason) (Explanation, bool) {
	for _, e := range Reasons() {
		if e.Code == code {
			return e, true
		}
	}
	return Explanation{}, false
}
