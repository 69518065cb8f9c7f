package intake

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"shlkiosk/sync/fhir"
)

// saveEvery is how many single creates go between two saves of the journal. A
// crash in between costs a search by tags, not a second resource.
const saveEvery = 20

// sendSingles creates one resource after the other, targets first. A circle of
// references is cut at its first member, which is updated at the end.
func (d *delivery) sendSingles(ctx context.Context, order []*item, keys map[string]*item) error {
	j := &d.env.Journal
	j.Phase, j.Singles = PhaseSending, true
	if err := d.keep(); err != nil {
		return err
	}
	order = d.patientFirst(order)
	since := 0
	for _, it := range order {
		if it.verdict != file || it.ref != "" {
			continue
		}
		if it.added && it.source == sourceImport && !d.anyCreated() {
			continue // nothing to vouch for
		}
		r, late := render(it, keys, nil)
		d.follows(it, late)
		if late {
			if err := d.keep(); err != nil {
				return err
			}
		}
		w, err := d.opt.Client.Create(ctx, r, it.unless)
		if s := fhir.Status(err); it.unless != nil && (definite(err) || s == http.StatusPreconditionFailed) {
			d.conditionRefused(it)
			found, ferr := d.findDevice(ctx, it)
			if ferr != nil {
				return ferr
			}
			if found {
				continue
			}
			w, err = d.opt.Client.Create(ctx, r, nil)
		}
		switch {
		case err == nil:
			d.madeOrFound(it, w.Reference, w.Existed)
			d.noteChart(it)
		case definite(err):
			if it == d.plan.subject {
				return park(ReasonPatientRefused, err)
			}
			var he *fhir.HTTPError
			errors.As(err, &he)
			d.refuse(it, firstCode(he.Outcome, he.Status))
		default:
			if kerr := d.keep(); kerr != nil {
				return kerr
			}
			return err
		}
		if since++; since >= saveEvery || it == d.plan.subject {
			since = 0
			if err := d.keep(); err != nil {
				return err
			}
		}
	}
	return d.keep()
}

// follows notes that a resource goes without some of its references, which
// have to follow when their targets are there.
func (d *delivery) follows(it *item, late bool) {
	j := &d.env.Journal
	if late {
		if j.Late == nil {
			j.Late = map[string]bool{}
		}
		j.Late[it.key] = true
		return
	}
	delete(j.Late, it.key)
}

// mendLate brings the references that had to wait.
func (d *delivery) mendLate(ctx context.Context) error {
	j := &d.env.Journal
	if len(j.Late) == 0 {
		return nil
	}
	keys := d.byKey()
	for _, it := range d.everything() {
		if !j.Late[it.key] || it.ref == "" || it.verdict != file {
			continue
		}
		if err := d.mend(ctx, it, keys); err != nil && !definite(err) {
			return err
		}
		delete(j.Late, it.key)
	}
	return d.keep()
}

// patientFirst puts the new patient in front: a server that checks references
// wants it there, and so does the journal.
func (d *delivery) patientFirst(order []*item) []*item {
	out := make([]*item, 0, len(order))
	need := map[*item]bool{}
	keys := d.byKey()
	var mark func(it *item)
	mark = func(it *item) {
		if need[it] {
			return
		}
		need[it] = true
		for _, t := range targets(it, keys) {
			mark(t)
		}
	}
	mark(d.plan.subject)
	for _, it := range order {
		if need[it] {
			out = append(out, it)
		}
	}
	for _, it := range order {
		if !need[it] {
			out = append(out, it)
		}
	}
	return out
}

// definite tells a refusal of this one resource, which sending again will not
// change, from an answer about the moment or about our rights.
func definite(err error) bool {
	switch fhir.Status(err) {
	case 400, 404, 405, 413, 415, 422, 501:
		return true
	}
	return false
}

// mend updates a resource that was sent without some of its references, or
// that a server stored with references to places that do not exist.
func (d *delivery) mend(ctx context.Context, it *item, keys map[string]*item) error {
	now, err := d.opt.Client.Read(ctx, it.ref)
	if err != nil {
		return err
	}
	if key := d.entryKey(now); key != "" && key != it.key {
		return nil // not ours after all
	}
	r, _ := render(it, keys, nil)
	ed := fhir.NewEditor(r)
	ed.Object(r.Value(), nil, fhir.Member{Key: "id", Raw: fhir.Quote(now.ID())})
	if r, err = ed.Done(); err != nil {
		return err
	}
	_, err = d.opt.Client.Update(ctx, it.ref, r, now.Get("meta", "versionId").String())
	return err
}

// undoOrphan takes back a new chart into which nothing could be filed: an
// empty chart in the person's name helps nobody.
func (d *delivery) undoOrphan(ctx context.Context) error {
	j := &d.env.Journal
	if !j.NewChart || j.Chart == "" {
		return nil
	}
	tried, there := 0, 0
	for _, it := range d.plan.items {
		if it == d.plan.subject || it.kind == person {
			continue
		}
		if it.verdict == file && it.ref != "" || it.verdict == existing {
			there++
		}
		if _, no := j.Refused[it.key]; no {
			tried++
		}
	}
	if there > 0 || tried == 0 {
		return nil
	}
	if err := d.undo(ctx); err != nil {
		return err
	}
	return park(ReasonServerRefused, errors.New("the server refused every entry; the new chart was taken back"))
}

// undo deletes what the journal says this import created, and forgets it. A
// server that checks references lets go of what is pointed to only after what
// points, so it goes round until nothing more goes.
func (d *delivery) undo(ctx context.Context) error {
	j := &d.env.Journal
	stay := map[string]string{} // reference by key
	for key, done := range j.Done {
		if !done.Existing && !d.plan.isDevice(key) {
			stay[key] = done.Reference
		}
	}
	for progress := true; progress && len(stay) > 0; {
		progress = false
		for _, key := range slices.Sorted(maps.Keys(stay)) {
			err := d.opt.Client.Delete(ctx, stay[key])
			switch s := fhir.Status(err); {
			case err == nil:
				if stay[key] == j.Chart {
					j.Chart, j.NewChart = "", false
				}
				delete(stay, key)
				delete(j.Done, key)
				progress = true
			case s >= 400 && s < 500 && s != 401 && s != 408 && s != 429:
			default:
				return err
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(stay)) {
		d.receipt.Notes = append(d.receipt.Notes, "left-behind:"+stay[key])
	}
	for _, it := range d.everything() {
		if it.verdict == file && stay[it.key] == "" {
			it.ref = ""
		}
	}
	return d.keep()
}

// Undo takes an import back: everything it created is deleted, what it found
// is left alone, and so is the kiosk's Device, to which other imports point. It is for an import that staff give up. What a server does not
// let go is in the receipt's notes as left-behind:REFERENCE. It works from the
// journal; only an import that stopped in the middle of sending needs its
// files, to look for what the journal does not know yet.
func (im *Importer) Undo(ctx context.Context, env *Envelope, save func(*Envelope) error) (Receipt, error) {
	d := &delivery{Importer: im, env: env, save: save, plan: &plan{env: env}}
	defer d.letGo()
	err := func() error {
		if env.Journal.Phase == PhaseSending {
			if err := d.findSent(ctx); err != nil {
				return err
			}
		}
		return d.undo(ctx)
	}()
	d.report(err)
	if err != nil {
		return d.receipt, Classify(err)
	}
	env.Journal = Journal{Recorded: env.Journal.Recorded, Tries: env.Journal.Tries}
	d.receipt.State = StateFailed
	return d.receipt, d.keep()
}

// findSent completes the journal by what the server holds of this import.
func (d *delivery) findSent(ctx context.Context) error {
	var err error
	if d.plan, err = newPlan(d.env, d.opt.Limits); err != nil {
		return err
	}
	d.recall()
	if d.env.Journal.Chart != "" && !d.env.Journal.NewChart {
		d.useChart(d.env.Journal.Chart)
	}
	if err := d.plan.prepare(); err != nil {
		return err
	}
	if err := d.lookForStamped(ctx); err != nil {
		return err
	}
	return d.add(ctx)
}
