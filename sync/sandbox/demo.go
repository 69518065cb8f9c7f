package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"shlkiosk/sync/sandbox/internal/host"
	"shlkiosk/sync/sandbox/internal/people"
)

// DemoPatient is somebody to play at the kiosk: a code to show and what to type.
type DemoPatient struct {
	// Key is a short name: returning, new, passcode, near-twin, ips, expired, card.
	Key  string `json:"key"`
	Name string `json:"name"`
	// Story says in one line what this patient shows.
	Story string `json:"story"`
	// Link is the text of the code.
	Link string `json:"link"`
	// Passcode opens the link, "" if none is needed.
	Passcode string `json:"passcode,omitempty"`
	// BirthDate and PostalCode are what to type when the kiosk asks.
	BirthDate  string `json:"birthDate"`
	PostalCode string `json:"postalCode,omitempty"`
	Phone      string `json:"phone,omitempty"`
	// Expires is when the link runs out (in the past for the expired one).
	Expires time.Time `json:"expires,omitzero"`
	// Card is the numeric QR text of the patient's SMART Health Card, if any.
	Card string `json:"card,omitempty"`
	// KTC tells that link and Bundle keep the Kill the Clipboard profile.
	KTC bool `json:"ktc"`
	// LinkID names the link for World.Accesses.
	LinkID string `json:"linkId"`
	// Bundles are the FHIR files behind the link, as plaintext.
	Bundles []json.RawMessage `json:"-"`
}

// demoLife is how long demo links live: a demonstration may take its time.
const demoLife = 12 * time.Hour

// Demo gives the demo patients with their present links.
func (w *World) Demo() []DemoPatient {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]DemoPatient(nil), w.demo...)
}

// Refresh makes fresh links for the demo patients; the old ones end.
func (w *World) Refresh(ctx context.Context) error {
	var fresh []DemoPatient
	for _, s := range people.Stories(w.opt.Now()) {
		d, err := w.tell(ctx, s)
		if err != nil {
			return fmt.Errorf("demo patient %s: %w", s.Key, err)
		}
		fresh = append(fresh, d)
	}
	w.mu.Lock()
	old := w.demo
	w.demo = fresh
	w.mu.Unlock()
	for _, d := range old {
		w.links.Revoke(d.LinkID)
	}
	return nil
}

// tell makes the link of a story.
func (w *World) tell(ctx context.Context, s people.Story) (DemoPatient, error) {
	p := s.Person
	d := DemoPatient{Key: s.Key, Name: p.Given + " " + p.Family, Story: s.Shows, Passcode: s.Passcode, BirthDate: p.BirthDate, PostalCode: p.ZIP, Phone: p.Phone, KTC: s.KTC, Bundles: s.Bundles}
	rq := IssueRequest{Label: s.Label, Passcode: s.Passcode, Located: s.Located, Expires: demoLife, Zip: s.Located}
	if s.Expired {
		rq.Expires = -10 * time.Minute
	}
	for _, b := range s.Bundles {
		rq.Files = append(rq.Files, File{ContentType: TypeFHIR, Content: b, FHIRVersion: "4.0.1", Status: "finalized", LastUpdated: w.opt.Now().UTC().Format(time.RFC3339)})
	}
	if s.Card != nil {
		jws, err := w.cards.Sign(CardRequest{Bundle: s.Card, Types: []string{"https://smarthealth.cards#immunization"}, RID: "demo-" + s.Key})
		if err != nil {
			return d, err
		}
		d.Card = host.Numeric(jws)
		rq.Files = append(rq.Files, File{ContentType: TypeCard, Content: host.CardFile(jws)})
	}
	issued, err := w.Issue(ctx, rq)
	d.Link, d.Expires, d.LinkID = issued.Link, issued.Expires, issued.ID
	return d, err
}
