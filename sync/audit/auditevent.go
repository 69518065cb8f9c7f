package audit

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// SystemEntry is the system of an entry's identifier at a FHIR server; its value
// is the entry's hash. AuditEvent has no element for identifiers in R4, so the
// identifier stands twice: as meta.tag, which every server can search (_tag),
// and as the identifier of the first entity.
const SystemEntry = "urn:shlkiosk:audit"

// Systems of the other codes and identifiers of an AuditEvent.
const (
	systemAction = "urn:shlkiosk:audit-action"
	systemKiosk  = "urn:shlkiosk:kiosk"
	systemStaff  = "urn:shlkiosk:staff"
	systemObject = "urn:shlkiosk:audit-object"

	systemDICOM = "http://dicom.nema.org/resources/ontology/DCM"
	systemHL7   = "http://terminology.hl7.org/CodeSystem/"
)

// Origin is who speaks in AuditEvents.
type Origin struct {
	Kiosk        string // the kiosk's name
	Organization string
	Site         string // "" when there is only one
}

type coding struct {
	System  string `json:"system"`
	Code    string `json:"code"`
	Display string `json:"display,omitempty"`
}

type concept struct {
	Coding []coding `json:"coding"`
}

type identifier struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

type reference struct {
	Identifier identifier `json:"identifier"`
	Display    string     `json:"display,omitempty"`
}

type agent struct {
	Type      concept   `json:"type"`
	Who       reference `json:"who"`
	Requestor bool      `json:"requestor"`
}

type detail struct {
	Type  string `json:"type"`
	Value string `json:"valueString"`
}

type entity struct {
	What   reference `json:"what"`
	Type   coding    `json:"type"`
	Role   coding    `json:"role"`
	Detail []detail  `json:"detail,omitempty"`
}

type source struct {
	Site     string    `json:"site,omitempty"`
	Observer reference `json:"observer"`
	Type     []coding  `json:"type"`
}

type auditEvent struct {
	ResourceType string `json:"resourceType"`
	Meta         struct {
		Tag []coding `json:"tag"`
	} `json:"meta"`
	Type        coding   `json:"type"`
	Subtype     []coding `json:"subtype"`
	Action      string   `json:"action"`
	Recorded    string   `json:"recorded"`
	Outcome     string   `json:"outcome"`
	OutcomeDesc string   `json:"outcomeDesc,omitempty"`
	Agent       []agent  `json:"agent"`
	Source      source   `json:"source"`
	Entity      []entity `json:"entity"`
}

// AuditEvent is an entry as an R4 AuditEvent (hl7.org/fhir/R4/auditevent.html),
// the same bytes each time. It holds nothing that the entry and the origin do
// not: codes, identifiers, names of kiosk and clinic. The line can be made
// again from it, so that the chain can be verified at the server too: number,
// time and the hash before are details of the first entity.
func (o Origin) AuditEvent(e Entry) ([]byte, error) {
	kiosk := reference{Identifier: identifier{systemKiosk, o.Kiosk}, Display: "Kiosk " + o.Kiosk}
	ev := auditEvent{ResourceType: "AuditEvent", Action: crud(e.Action), Outcome: outcome(e.Action, e.Result)}
	ev.Meta.Tag = []coding{{System: SystemEntry, Code: e.Hash}}
	ev.Type, ev.Subtype = kind(e.Action)
	ev.Recorded = e.Time.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	if e.Result != "ok" {
		ev.OutcomeDesc = e.Result
	}
	machine := agent{
		Type: concept{[]coding{{systemDICOM, "110150", "Application"}}}, Who: kiosk, Requestor: e.Actor == "kiosk",
	}
	if id, ok := strings.CutPrefix(e.Actor, "staff:"); ok {
		ev.Agent = append(ev.Agent, agent{
			Type:      concept{[]coding{{systemHL7 + "extra-security-role-type", "humanuser", "human user"}}},
			Who:       reference{Identifier: identifier{systemStaff, id}, Display: "Staff " + id},
			Requestor: true,
		})
	}
	ev.Agent = append(ev.Agent, machine)
	ev.Source = source{
		Site: strings.TrimSpace(o.Organization + " " + o.Site), Observer: kiosk,
		Type: []coding{{systemHL7 + "security-source-type", "1", "User Device"}},
	}
	ev.Entity = []entity{{
		What:   reference{Identifier: identifier{SystemEntry, e.Hash}},
		Type:   coding{systemHL7 + "audit-entity-type", "2", "System Object"},
		Role:   coding{systemHL7 + "object-role", "13", "Security Resource"},
		Detail: details(e),
	}}
	if e.Object != "" {
		ev.Entity = append(ev.Entity, entity{
			What: reference{Identifier: identifier{systemObject, e.Object}},
			Type: coding{systemHL7 + "audit-entity-type", "4", "Other"},
			Role: coding{systemHL7 + "object-role", "20", "Job"},
		})
	}
	return json.Marshal(ev)
}

// details are what AuditEvent has no element for, so that nothing of the line
// is lost. Names of the entry's own details have a prefix.
func details(e Entry) []detail {
	out := []detail{
		{"seq", jsonText(e.Seq)}, {"time", e.Time.UTC().Format(time.RFC3339Nano)},
		{"actor", e.Actor}, {"action", e.Action}, {"result", e.Result},
	}
	if e.Prev != "" { // the first line has none, and FHIR no empty strings
		out = append(out, detail{"prev", e.Prev})
	}
	names := make([]string, 0, len(e.Detail))
	for name := range e.Detail {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		out = append(out, detail{"detail." + name, e.Detail[name]})
	}
	return out
}

func jsonText(v any) string {
	b, _ := json.Marshal(v) // of a number
	return string(b)
}

// kind is the DICOM event type (part 16, CID 400) and subtype of an action. The
// action itself is always the last subtype.
func kind(action string) (coding, []coding) {
	own := coding{System: systemAction, Code: action}
	dcm := func(code, display string) coding { return coding{systemDICOM, code, display} }
	room, _, _ := strings.Cut(action, ".")
	switch {
	case action == "kiosk.started":
		return dcm("110100", "Application Activity"), []coding{dcm("110120", "Application Start"), own}
	case action == "kiosk.ended":
		return dcm("110100", "Application Activity"), []coding{dcm("110121", "Application Stop"), own}
	case action == "staff.login":
		return dcm("110114", "User Authentication"), []coding{dcm("110122", "Login"), own}
	case action == "staff.logout":
		return dcm("110114", "User Authentication"), []coding{dcm("110123", "Logout"), own}
	case room == "key", room == "settings":
		return dcm("110113", "Security Alert"), []coding{dcm("110129", "Security Configuration"), own}
	case room == "desk":
		return dcm("110113", "Security Alert"), []coding{dcm("110126", "Node Authentication"), own}
	case room == "audit", room == "clock", action == "ledger.alarm":
		return dcm("110113", "Security Alert"), []coding{own}
	case room == "import":
		return dcm("110107", "Import"), []coding{own}
	}
	return dcm("110100", "Application Activity"), []coding{own}
}

// crud is AuditEvent.action.
func crud(action string) string {
	_, verb, _ := strings.Cut(action, ".")
	switch verb {
	case "stored":
		return "C"
	case "seen", "view", "export", "list":
		return "R"
	case "verified", "delivered", "parked", "queued", "retry", "park", "resolve", "save", "rotated", "answer":
		return "U"
	case "discard", "drop", "expired", "retired", "dismiss":
		return "D"
	}
	return "E"
}

// outcome is AuditEvent.outcome: 0 success, 4 minor and 8 serious failure.
func outcome(action, result string) string {
	switch {
	case action == "ledger.alarm", result == "failed":
		return "8"
	case result == "ok", result == "noted", result == "opened":
		return "0"
	}
	return "4"
}
