package r4

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	gradeURL       = "http://hl7.org/fhir/StructureDefinition/match-grade"
	combinationURL = "https://www.medplum.com/fhir/StructureDefinition/cms-match-combination"
	matchTypeURL   = "https://www.medplum.com/fhir/StructureDefinition/cms-match-type"
)

// gatherLimit is how many candidates one look-up gives (Medplum: 100 each;
// reaching it means that the list may be cut).
const gatherLimit = 100

type matchInput struct {
	patient     map[string]any
	onlyCertain bool
	count       int
}

// readMatch reads Parameters or plain JSON with the same names.
func readMatch(body []byte) (*matchInput, error) {
	if _, _, err := scan(body, nil); err != nil {
		return nil, fail(400, "structure", "body: "+err.Error())
	}
	v := view(body)
	in := &matchInput{count: 20}
	var only, count any
	switch v["resourceType"] {
	case "Parameters":
		patients := 0
		for _, p := range pick(v, "parameter") {
			m, _ := p.(map[string]any)
			switch m["name"] {
			case "resource":
				patients++
				in.patient, _ = m["resource"].(map[string]any)
			case "onlyCertainMatches":
				only = m["valueBoolean"]
			case "count":
				count = m["valueInteger"]
				if count == nil {
					count = m["valuePositiveInt"]
				}
			}
		}
		if patients != 1 {
			return nil, fail(400, "invalid", "Parameters must have exactly one resource", "Parameters.parameter")
		}
	case "Patient":
		in.patient = v
	case nil:
		in.patient, _ = v["resource"].(map[string]any)
		only, count = v["onlyCertainMatches"], v["count"]
	}
	if in.patient == nil || in.patient["resourceType"] != "Patient" {
		return nil, fail(400, "invalid", "resource must be a Patient", "Parameters.parameter")
	}
	switch only := only.(type) {
	case bool:
		in.onlyCertain = only
	case nil:
	default:
		return nil, fail(400, "value", "onlyCertainMatches must be a boolean")
	}
	if count != nil {
		n, ok := number(count)
		if !ok || n < 1 {
			return nil, fail(400, "value", "count must be a positive number")
		}
		in.count = int(min(n, maxCount))
	}
	return in, nil
}

// candidate is a graded chart.
type candidate struct {
	record *Record
	grade  string
	score  float64
	rule   string
	fuzzy  bool
}

// match answers Patient/$match.
func (srv *Server) match(t *tx, rq *request) (*answer, error) {
	if status := srv.behaviour().NoMatch; status != 0 {
		return nil, fail(status, "not-supported", "Operation Patient/$match is not supported")
	}
	if rq.method != http.MethodPost {
		return nil, notAllowed("POST")
	}
	in, err := readMatch(rq.body)
	if err != nil {
		return nil, err
	}
	given := featuresOf(in.patient)
	if len(given.names) == 0 && len(given.set["dob"]) == 0 && len(given.ids) == 0 && len(given.telecom) == 0 {
		return nil, fail(400, "required", "the Patient needs an identifier, a name, a birth date, a phone or an email address", "Patient")
	}
	charts, truncated := srv.gather(t, in.patient, given)
	var found []candidate
	for _, r := range charts {
		c := grade(given, featuresOf(r.view))
		if c.record = r; c.grade != "certainly-not" {
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return strings.Compare(a.record.ID, b.record.ID)
	})
	if in.onlyCertain {
		found = slices.DeleteFunc(found, func(c candidate) bool { return c.grade != "certain" })
		if len(found) != 1 || truncated {
			found = nil
		}
	}
	total := len(found)
	found = found[:min(len(found), in.count)]
	out := bundleJSON{ResourceType: "Bundle", ID: NewUUID(), Type: "searchset", Timestamp: instant(t.now), Total: &total}
	for _, c := range found {
		ext := []extensionJSON{{URL: gradeURL, ValueCode: c.grade}}
		if c.rule != "" {
			kind := "exact"
			if c.fuzzy {
				kind = "fuzzy"
			}
			ext = append(ext, extensionJSON{URL: combinationURL, ValueString: c.rule}, extensionJSON{URL: matchTypeURL, ValueString: kind})
		}
		out.Entry = append(out.Entry, entryJSON{
			FullURL: srv.opt.Base + "/" + c.record.String(), Resource: c.record.Raw,
			Search: &searchJSON{Extension: ext, Mode: "match", Score: json.Number(strconv.FormatFloat(c.score, 'f', -1, 64))},
		})
	}
	return &answer{status: 200, body: encode(out)}, nil
}

// gather finds candidates by exact look-ups, as Medplum does: each identifier,
// each phone and email as written, birth date with first family name and with
// first given name. Accents and formats are not folded here: that is the known
// weakness of the real one.
func (srv *Server) gather(t *tx, patient map[string]any, given features) ([]*Record, bool) {
	seen := map[Key]bool{}
	var out []*Record
	truncated := false
	look := func(fits func(map[string]any) bool) {
		n := 0
		t.all("Patient", func(r *Record) {
			if n >= gatherLimit || !fits(r.view) {
				return
			}
			if n++; !seen[r.Key] {
				seen[r.Key] = true
				out = append(out, r)
			}
		})
		truncated = truncated || n >= gatherLimit
	}
	for _, id := range pick(patient, "identifier") {
		if v := text(id, "value"); v != "" {
			want := []string{v}
			if system := text(id, "system"); system != "" {
				want = []string{system, v}
			}
			look(func(p map[string]any) bool {
				return slices.ContainsFunc(pick(p, "identifier"), func(x any) bool { return testCoding(x, want) })
			})
		}
	}
	for _, v := range given.telecom {
		look(func(p map[string]any) bool { return slices.Contains(texts(p, "telecom.value"), v) })
	}
	born, _ := patient["birthDate"].(string)
	if born == "" {
		return out, truncated
	}
	for _, part := range []string{"name.family", "name.given"} {
		if names := texts(patient, part); len(names) > 0 {
			first := strings.ToLower(names[0])
			look(func(p map[string]any) bool {
				return p["birthDate"] == born && slices.ContainsFunc(texts(p, part), func(s string) bool { return strings.ToLower(s) == first })
			})
		}
	}
	return out, truncated
}
