package words

import "strings"

// Reason is what a reason code says to the patient: one sentence of what
// happened that neither blames nor discloses, and what to do now.
type Reason struct{ Title, What, Do string }

// StaffReason is what the same code says to staff: the real cause, and what to
// do about it.
type StaffReason struct{ Why, Do string }

// Reason gives the patient's words for a reason code of ui/flow, sync/guard,
// sync/shl, sync/shc, or for what a scanned text turned out to be (the kinds
// of sync/shl). A code that nobody knows gets words that are always right:
// please see the front desk.
func (w *Words) Reason(code string) Reason {
	key := "reason." + reasonGroup(code)
	return Reason{Title: w.T(key + ".title"), What: w.T(key + ".what"), Do: w.T(key + ".do")}
}

// Staff gives the words for staff for a code of any room. scope is "" for what
// a patient met on the way (links, cards, camera), "import" for a delivery,
// "ledger" and "key" for the kiosk's own parts: some rooms use the same code
// for different things. A code without words comes back as Why.
func (w *Words) Staff(scope, code string) StaffReason {
	key := code
	if scope != "" {
		key = scope + "." + code
	}
	if !w.Has("staff.why." + key) {
		w.catalogue.miss(w.lang.Tag + " staff.why." + key)
		return StaffReason{Why: code, Do: w.T("staff.do.unknown")}
	}
	return StaffReason{Why: w.T("staff.why." + key), Do: w.T("staff.do." + key)}
}

// Scopes are the rooms whose codes Staff has words for, "" first: what a
// patient met on the way.
func Scopes() []string { return []string{"", "import", "match", "ledger", "key", "audit", "desk"} }

// StaffIn looks a code up in one scope after the other, all of Scopes when
// none is named: an error that went through several rooms keeps the code of
// the first.
func (w *Words) StaffIn(code string, scopes ...string) StaffReason {
	if len(scopes) == 0 {
		scopes = Scopes()
	}
	for _, scope := range scopes {
		if w.Has("staff.why." + strings.TrimPrefix(scope+"."+code, ".")) {
			return w.Staff(scope, code)
		}
	}
	return w.Staff(scopes[0], code)
}

// HasReason tells whether a code has words of its own for the patient.
func HasReason(code string) bool { return reasonGroup(code) != "unknown" }

// reasonGroup maps a code to the patient's words: many causes read the same to
// the person in front of the kiosk.
func reasonGroup(code string) string {
	switch code {
	case "wiped", "cancelled":
		return "start-again"
	case "not-a-link", "text-too-big", "not-health-code", "text", "json", "fhir-json", "other-scheme", "card-not-a-card":
		return "not-health"
	case "two-links", "two-codes":
		return "two-codes"
	case "empty", "damaged", "card-unreadable", "card-damaged", "card-chunk-invalid":
		return "damaged"
	case "payload-duplicate", "url-missing", "url-invalid", "url-too-long", "key-invalid", "exp-invalid", "v-invalid", "flag-invalid":
		return "invalid"
	case "url-scheme", "blocked-address", "redirect":
		return "unsafe"
	case "expired":
		return "expired"
	case "newer-version":
		return "newer"
	case "passcode-needed":
		return "passcode-needed"
	case "dns", "unreachable", "tls", "timeout":
		return "unreachable"
	case "too-large", "too-many-files", "inflated-too-large", "card-too-big", "too-many-entries":
		return "too-large"
	case "content-encoding", "server-error", "unexpected-status", "html-answer", "empty-answer", "manifest-invalid":
		return "server"
	case "not-active", "expired-at-server":
		return "not-active"
	case "wrong-passcode":
		return "wrong-passcode"
	case "passcode-locked":
		return "locked"
	case "refused-by-server":
		return "refused"
	case "rate-limited":
		return "wait"
	case "no-files", "content-empty", "card-file-empty":
		return "no-files"
	case "file-entry", "location-twice", "location-gone", "content-unknown":
		return "file-unreadable"
	case "withdrawn":
		return "withdrawn"
	case "not-a-jwe", "clear-text", "jwe-header", "jwe-algorithm", "jwe-crit", "jwe-zip", "jwe-shape", "inflate-failed", "invalid-json", "invalid-utf8", "invalid-unicode", "duplicate-key", "too-deep", "not-fhir", "edit-conflict", "unsafe-address", "authorisation", "unreadable-answer":
		return "unreadable"
	case "key-mismatch", "auth-failed":
		return "key"
	case "asked-for-help":
		return "help"
	case "fetch-timeout":
		return "slow"
	case "disk-full", "ledger-full", "record-too-large", "ledger-io", "ledger-out-of-service", "closed", "ledger-closed":
		return "store"
	case "wait-too-long":
		return "long-wait"
	case "not-mine":
		return "not-mine"
	case "not-accepted":
		return "desk-finish"
	case "camera-missing", "camera-black":
		return "camera"
	case "boarding-pass":
		return "boarding-pass"
	case "driving-licence":
		return "licence"
	case "web-address":
		return "web-address"
	case "wifi":
		return "wifi"
	case "contact":
		return "contact"
	case "hcert":
		return "other-certificate"
	case "other-link":
		return "other-link"
	case "cms-htei":
		return "app-identity"
	case "jwe":
		return "file-alone"
	case "shc-chunk":
		return "card-part"
	case "card-trusted":
		return "card-good"
	case "card-unknown-issuer":
		return "card-untrusted"
	case "card-bad-signature", "card-revoked":
		return "card-bad"
	case "card-key-unreachable":
		return "card-unverified"
	case "card-expired":
		return "card-expired"
	case "card-not-yet-valid":
		return "card-early"
	case "card-chunk-mixed":
		return "card-mixed"
	case "ledger-slow":
		return "store-slow"
	}
	return "unknown"
}
