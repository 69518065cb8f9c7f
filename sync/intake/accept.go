package intake

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"shlkiosk/sync/fhir"
)

// SystemStaff is the system of the identifier that names a member of staff in
// the Provenance of what they accepted.
const SystemStaff = "urn:shlkiosk:staff"

// Accept carries out a proposal in the name of a member of staff, and writes a
// Provenance that names them. What is written:
//
//   - phone, email, address, contact, language: the element is added to the
//     Patient; nothing that is there is replaced;
//   - insurance: the Coverage that the import filed loses its label "asserted by
//     the patient": the clinic stands for it from now on;
//   - update: the elements that staff saw side by side get the record's content;
//     all others stay as the clinic has them.
//
// Every write is conditional on the version that was read (If-Match). Where the
// chart no longer says what staff saw, nothing is written: the proposal takes
// up what the chart says now, is saved, and the error is [ReasonChartChanged].
// A call that broke off may be made again: what it wrote is found, not doubled.
func (im *Importer) Accept(ctx context.Context, env *Envelope, id string, by Staff, save func(*Envelope) error) error {
	p := env.open(id)
	if p == nil {
		return fatal(ReasonOrder, errors.New("no such open proposal"))
	}
	target, err := im.carryOut(ctx, env, p)
	if err != nil {
		e := Classify(err)
		if s := fhir.Status(err); s == 409 || s == 412 {
			e = park(ReasonChartChanged, err)
		}
		if e.Reason == ReasonChartChanged {
			if serr := save(env); serr != nil {
				return serr
			}
		}
		return e
	}
	if p.Vouched, err = im.vouch(ctx, env, p, target, by); err != nil {
		return Classify(err)
	}
	p.State, p.By = ProposalAccepted, by.ID
	return save(env)
}

// Decline closes a proposal without a change.
func (im *Importer) Decline(env *Envelope, id string, by Staff, save func(*Envelope) error) error {
	p := env.open(id)
	if p == nil {
		return fatal(ReasonOrder, errors.New("no such open proposal"))
	}
	p.State, p.By = ProposalDeclined, by.ID
	return save(env)
}

func (env *Envelope) open(id string) *Proposal {
	for i := range env.Proposals {
		if p := &env.Proposals[i]; p.ID == id && p.State == ProposalOpen {
			return p
		}
	}
	return nil
}

// carryOut writes what a proposal says and returns the resource that holds it.
func (im *Importer) carryOut(ctx context.Context, env *Envelope, p *Proposal) (target string, err error) {
	target = p.Chart
	change := im.addElement
	switch p.Kind {
	case "insurance":
		target, change = env.Journal.Done[p.Entry].Reference, endorse
	case "update":
		target, change = p.Reference, im.takeOver
	}
	if target == "" {
		return "", park(ReasonChartMissing, errors.New("what the proposal is about was not filed"))
	}
	now, err := im.opt.Client.Read(ctx, target)
	if s := fhir.Status(err); s == 404 || s == 410 {
		return "", park(ReasonChartMissing, err)
	}
	if err != nil {
		return "", err
	}
	next, err := change(env, p, now)
	if err != nil || next == nil {
		return target, err
	}
	if _, err = im.opt.Client.Update(ctx, target, *next, now.Get("meta", "versionId").String()); err != nil {
		return "", err
	}
	if p.Kind != "insurance" && p.Kind != "update" {
		for i := range env.Proposals { // the others were compared with what was there before
			if q := &env.Proposals[i]; q.State == ProposalOpen && q.Chart == p.Chart && q.Path == p.Path && q.Kind == p.Kind {
				q.Now = nowAt(*next, q.Path, q.Kind)
			}
		}
	}
	return target, nil
}

// changed tells that staff decided on something that is no longer so.
func changed(p *Proposal, now Fact) error {
	p.Now = now
	return park(ReasonChartChanged, errors.New("the chart no longer says what the proposal was compared with"))
}

// addElement adds the proposed element to the Patient; nil: it is there.
func (im *Importer) addElement(_ *Envelope, p *Proposal, chart fhir.Resource) (*fhir.Resource, error) {
	value, have := parsed(p.Value), chart.Get(p.Path)
	for _, v := range have.Elements() {
		if slices.Equal(fhir.Canonical{}.AppendValue(nil, v), fhir.Canonical{}.AppendValue(nil, value)) {
			return nil, nil
		}
	}
	if now := nowAt(chart, p.Path, p.Kind); !sameElement(parsed(now), parsed(p.Now)) {
		return nil, changed(p, now)
	}
	ed := fhir.NewEditor(chart)
	if have.IsArray() {
		ed.Append(have, []byte(p.Value.Reveal()))
	} else {
		ed.Object(chart.Value(), nil, fhir.Member{Key: p.Path, Raw: list([]byte(p.Value.Reveal()))})
	}
	next, err := ed.Done()
	return &next, err
}

// endorse takes the label "asserted by the patient" off a Coverage; nil: it has
// none.
func endorse(_ *Envelope, p *Proposal, coverage fhir.Resource) (*fhir.Resource, error) {
	if coverage.Get("status").String() != "active" {
		return nil, park(ReasonChartChanged, errors.New("the coverage is not active any more"))
	}
	var keep [][]byte
	labels := coverage.Get("meta", "security")
	for _, l := range labels.Elements() {
		if l.Get("system").String() != systemObservationValue || l.Get("code").String() != codePatientAsserted {
			keep = append(keep, l.Raw())
		}
	}
	if len(keep) == labels.Len() {
		return nil, nil
	}
	ed := fhir.NewEditor(coverage)
	if len(keep) > 0 {
		ed.Replace(labels, list(keep...))
	} else {
		ed.Object(coverage.Get("meta"), func(k string) bool { return k == "security" })
	}
	next, err := ed.Done()
	return &next, err
}

// takeOver gives the elements of a proposal to a resource of the chart; nil: it
// has them.
func (im *Importer) takeOver(env *Envelope, p *Proposal, now fhir.Resource) (*fhir.Resource, error) {
	value, err := fhir.ParseResource([]byte(p.Value.Reveal()), fhir.Limits{})
	if err != nil {
		return nil, err
	}
	seen, err := fhir.ParseResource([]byte(p.Now.Reveal()), fhir.Limits{})
	if err != nil {
		return nil, err
	}
	value = env.pointed(value)
	var set []fhir.Member
	still, there := true, true
	theirs := object{{Key: "resourceType", Raw: text(now.Type())}}
	for k, v := range value.Value().Members() {
		if k == "resourceType" {
			continue
		}
		set = append(set, fhir.Member{Key: k, Raw: v.Raw()})
		have := now.Get(k)
		if have.Exists() {
			theirs = append(theirs, fhir.Member{Key: k, Raw: have.Raw()})
		}
		still, there = still && sameElement(have, seen.Get(k)), there && sameElement(have, v)
	}
	switch {
	case there:
		return nil, nil
	case !still:
		return nil, changed(p, Fact(theirs.raw()))
	}
	ed := fhir.NewEditor(now)
	ed.Object(now.Value(), func(k string) bool { return k == "text" }, set...) // its prose told the old content
	next, err := ed.Done()
	return &next, err
}

// pointed leads the references of an element to where the import filed their
// targets; what was not filed becomes words.
func (env *Envelope) pointed(r fhir.Resource) fhir.Resource {
	r = pointed(r, func(uri string) string { return env.Journal.Done[uri].Reference })
	var ed *fhir.Editor
	for ref := range r.References() {
		if !strings.HasPrefix(ref.Text(), "urn:uuid:") || ref.Attachment {
			continue
		}
		if ed == nil {
			ed = fhir.NewEditor(r)
		}
		var set []fhir.Member
		if !ref.Object.Get("display").Exists() {
			set = append(set, fhir.Member{Key: "display", Raw: text("not filed")})
		}
		ed.Object(ref.Object, func(k string) bool { return k == "reference" }, set...)
	}
	if ed == nil {
		return r
	}
	if done, err := ed.Done(); err == nil {
		return done
	}
	return r
}

func parsed(f Fact) fhir.Value {
	r, err := fhir.ParseResource([]byte(`{"resourceType":"Basic","v":`+f.Reveal()+`}`), fhir.Limits{})
	if err != nil {
		return fhir.Value{}
	}
	return r.Get("v")
}

// vouch writes the Provenance of an accept, or finds the one that an earlier
// call wrote. A server that takes no Provenance keeps none: the kiosk's audit
// trail holds who accepted.
func (im *Importer) vouch(ctx context.Context, env *Envelope, p *Proposal, target string, by Staff) (string, error) {
	caps, err := im.capabilities(ctx)
	if err != nil || !takes(caps, "Provenance") {
		return "", err
	}
	d := &delivery{Importer: im, env: env}
	space := uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:shlkiosk:import:"+env.ID))
	it := &item{added: true, key: "urn:uuid:" + uuid.NewSHA1(space, []byte("accepted|"+p.ID)).String()}
	found, err := d.stamped(ctx, map[string]bool{"Provenance": true})
	if err != nil {
		return "", err
	}
	if ref := found[it.key]; ref != "" {
		return ref, nil
	}
	name := by.Name
	if name == "" {
		name = by.ID
	}
	who := object{{Key: "identifier", Raw: identifier(SystemStaff, by.ID)}, {Key: "display", Raw: text(name)}}
	clinic := object{{Key: "display", Raw: text(im.opt.Organization)}}.raw()
	r, err := fhir.ParseResource(object{
		{Key: "resourceType", Raw: text("Provenance")},
		{Key: "meta", Raw: (&plan{env: env}).meta(it)},
		{Key: "target", Raw: list(refTo(target))},
		{Key: "recorded", Raw: instant(im.opt.Now())},
		{Key: "activity", Raw: object{{Key: "coding", Raw: list(coding("http://terminology.hl7.org/CodeSystem/v3-DataOperation", "UPDATE", "revise"))},
			{Key: "text", Raw: text("Proposed change accepted by staff: " + p.Kind)}}.raw()},
		{Key: "agent", Raw: list(
			object{{Key: "type", Raw: concept(systemParticipant, "verifier", "Verifier")}, {Key: "who", Raw: who.raw()}, {Key: "onBehalfOf", Raw: clinic}}.raw(),
			object{{Key: "type", Raw: concept(systemParticipant, "assembler", "Assembler")},
				{Key: "who", Raw: object{{Key: "display", Raw: text("Kiosk " + im.opt.Kiosk)}}.raw()}}.raw())},
		{Key: "entity", Raw: list(object{{Key: "role", Raw: text("source")},
			{Key: "what", Raw: object{{Key: "identifier", Raw: identifier(SystemImport, env.ID)}, {Key: "display", Raw: text("Import of a patient-shared record")}}.raw()}}.raw())},
	}.raw(), fhir.Limits{})
	if err != nil {
		return "", err
	}
	w, err := im.opt.Client.Create(ctx, r, nil)
	if definite(err) {
		im.opt.Logger.WarnContext(ctx, "provenance of an accepted change refused", "import", env.ID, "status", fhir.Status(err))
		return "", nil
	}
	return w.Reference, err
}
