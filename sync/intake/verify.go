package intake

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"shlkiosk/sync/fhir"
)

// verify reads the chart afresh and compares: demographics, every resource and
// its content with references mapped, every reference's target, and that this
// person has one chart. Where the server left references as it should not (a
// batch under the name of a transaction), it mends them once and looks again.
func (d *delivery) verify(ctx context.Context) error {
	var charts oneChart
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		charts, err = d.charts(gctx)
		return err
	})
	g.Go(func() error { return d.readAndMend(gctx) })
	if err := g.Wait(); err != nil {
		return err
	}
	d.receipt.Verification.Duplicates = charts.others
	switch {
	case charts.unsearched:
		d.alarm(AlarmNotChecked, "The server could not be searched for other charts of this person: look for them by hand", d.env.Journal.Chart)
	case charts.others > 0:
		d.alarm(AlarmDuplicate, "This person may have more than one chart: compare them and merge by your clinic's rules", d.env.Journal.Chart)
	}
	return nil
}

// readAndMend looks, mends what can be mended, and looks again.
func (d *delivery) readAndMend(ctx context.Context) error {
	again, err := d.look(ctx)
	if err != nil || len(again) == 0 {
		return err
	}
	keys := d.byKey()
	for _, it := range again {
		if err := d.mend(ctx, it, keys); err != nil && !definite(err) {
			return err
		}
	}
	_, err = d.look(ctx)
	return err
}

// look does the reading and comparing, and returns what could be mended.
func (d *delivery) look(ctx context.Context) ([]*item, error) {
	v := &d.receipt.Verification
	*v = Verification{Demographics: DemographicsNotRead, Missing: []string{}}
	keys := d.byKey()
	var check []*item
	refs := map[string]bool{}
	for _, it := range d.everything() {
		if it.ref == "" || it.twin != nil {
			continue
		}
		refs[it.ref] = true
		if it.verdict == file || it.verdict == existing {
			check = append(check, it)
		}
	}
	if d.env.Journal.Chart != "" {
		refs[d.env.Journal.Chart] = true
	}
	there, err := d.readBack(ctx, refs)
	if err != nil {
		return nil, err
	}
	d.demographics(there)
	var mendable []*item
	elsewhere := map[string][]*item{}
	for _, it := range check {
		r, ok := there[it.ref]
		if !ok && it.source == sourceImport && it.res.Type() == "AuditEvent" {
			d.plan.note("audit-event-not-readable") // writing it and reading it are different rights
			continue
		}
		if !ok {
			v.Missing = append(v.Missing, it.source+": not-found")
			continue
		}
		clean := true
		for ref := range r.References() {
			text := ref.Text()
			if ref.Attachment && !mayBeInRecord(text) {
				continue
			}
			v.References.Total++
			local := d.local(text)
			switch {
			case strings.HasPrefix(text, "#"):
				if !holds(r, text[1:]) {
					v.References.Unresolved++
				}
			case isLocal(local):
				if _, ok := there[local]; !ok {
					elsewhere[local] = append(elsewhere[local], it)
				}
			case it.verdict == existing && !strings.HasPrefix(text, "urn:uuid:"):
				// An address elsewhere in a resource that was there before.
			default:
				v.References.Unresolved++
				clean = false
			}
		}
		switch {
		case it.verdict == existing: // the clinic's own, for us to point to, not to judge
		case !clean:
			mendable = append(mendable, it)
			v.Missing = append(v.Missing, it.source+": references-not-resolved")
		case !d.equal(it, r, keys):
			if late := d.differsOnlyInReferences(it, r); late {
				mendable = append(mendable, it)
				v.Missing = append(v.Missing, it.source+": references-differ")
			} else {
				v.Missing = append(v.Missing, it.source+": content-differs")
			}
		}
	}
	if len(elsewhere) > 0 {
		more := map[string]bool{}
		for ref := range elsewhere {
			more[ref] = true
		}
		found, err := d.readBack(ctx, more)
		if err != nil {
			return nil, err
		}
		for ref, from := range elsewhere {
			if _, ok := found[ref]; !ok {
				v.References.Unresolved += len(from)
			}
		}
	}
	for _, it := range d.everything() {
		if _, no := d.env.Journal.Refused[it.key]; no {
			d.alarm(AlarmRefused, "The server refused an entry: see its code in the receipt, correct the cause and import again", "")
			break
		}
	}
	if len(v.Missing) > 0 {
		d.alarm(AlarmIncomplete, "Compare the entries listed as missing with the kept original and file them by hand or import again", d.env.Journal.Chart)
	}
	if v.References.Unresolved > 0 {
		d.alarm(AlarmReferences, "Some references lead nowhere: open the chart's imported entries and correct them", d.env.Journal.Chart)
	}
	return mendable, nil
}

func (d *delivery) alarm(code, todo, where string) {
	v := &d.receipt.Verification
	if !slices.ContainsFunc(v.Alarm, func(a Alarm) bool { return a.Code == code }) {
		v.Alarm = append(v.Alarm, Alarm{Code: code, ToDo: todo, Where: where})
	}
}

func (d *delivery) everything() []*item {
	return append(slices.Clone(d.plan.items), d.added...)
}

func holds(r fhir.Resource, id string) bool {
	if id == "" {
		return true
	}
	for _, c := range r.Get("contained").Elements() {
		if c.Get("id").String() == id {
			return true
		}
	}
	return false
}

func isLocal(ref string) bool {
	l, ok := fhir.ParseLiteral(ref)
	return ok && l.Base == ""
}

// equal compares what was sent with what is there: everything but id, meta and
// narrative, numbers by value, references by target.
func (d *delivery) equal(it *item, r fhir.Resource, keys map[string]*item) bool {
	ours := func(uri string) string {
		if t := keys[uri]; t != nil {
			for t.twin != nil {
				t = t.twin
			}
			return t.ref
		}
		return uri
	}
	if fhir.Same(it.base, r, ours, d.local, mayBeInRecord) {
		return true
	}
	if slices.ContainsFunc(targets(it, keys), func(t *item) bool { return t.ref == "" }) {
		body, _ := render(it, keys, nil) // some targets were refused: the reference was taken out
		return fhir.Same(body, r, ours, d.local, mayBeInRecord)
	}
	return false
}

func (d *delivery) differsOnlyInReferences(it *item, r fhir.Resource) bool {
	return skeleton(it.base) == skeleton(r)
}

// demographics compares the chart's person with the record's.
func (d *delivery) demographics(there map[string]fhir.Resource) {
	v := &d.receipt.Verification
	chart, ok := there[d.env.Journal.Chart]
	if !ok {
		d.alarm(AlarmChartMissing, "The chart cannot be read: check that it exists and that the kiosk may read it", d.env.Journal.Chart)
		return
	}
	v.Demographics = DemographicsEqual
	source := d.plan.subject.res
	if d.env.Journal.NewChart {
		a := bare.Append(nil, d.plan.subject.base)
		b := bare.Append(nil, chart)
		if string(a) != string(b) {
			v.Demographics = DemographicsDiffer
		}
	} else if !samePerson(source, chart) {
		v.Demographics = DemographicsDiffer
	}
	if v.Demographics != DemographicsEqual {
		d.alarm(AlarmDemographics, "Name or birth date in the chart differ from the record: check that this is the right person", d.env.Journal.Chart)
	}
}

// samePerson: birth dates do not contradict, and a family name (people go by
// short forms) or a given name (people marry) is shared, folded. Whose chart it
// is was decided before; this only tells that something is badly off.
func samePerson(a, b fhir.Resource) bool {
	ba, bb := a.Get("birthDate").String(), b.Get("birthDate").String()
	if ba != "" && bb != "" && !strings.HasPrefix(ba, bb) && !strings.HasPrefix(bb, ba) {
		return false
	}
	share := func(element string) bool {
		x, y := names(a, element), names(b, element)
		return len(x) == 0 || len(y) == 0 || slices.ContainsFunc(x, func(s string) bool { return slices.Contains(y, s) })
	}
	return share("family") || share("given")
}

func names(r fhir.Resource, element string) []string {
	var out []string
	for _, n := range r.Get("name").Elements() {
		v := n.Get(element)
		if v.IsString() {
			out = append(out, bareName(v.String()))
		}
		for _, g := range v.Elements() {
			out = append(out, bareName(g.String()))
		}
	}
	return out
}
