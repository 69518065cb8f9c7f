package intake

import (
	"context"
	"errors"
	"net/url"

	"golang.org/x/sync/errgroup"

	"shlkiosk/sync/fhir"
)

// searchMax bounds one search of the chart: more of one type than this for one
// patient is not a chart that a kiosk can compare with.
const searchMax = 50_000

// lookForStamped finds what an earlier try of this import left on the server,
// by the tags that it carries. It runs before anything is sent again.
func (d *delivery) lookForStamped(ctx context.Context) error {
	byEntry := map[string]*item{}
	types := map[string]bool{}
	for _, it := range d.plan.items {
		if it.verdict == file && it.ref == "" {
			byEntry[it.key] = it
			types[it.res.Type()] = true
		}
	}
	found, err := d.stamped(ctx, types)
	if err != nil {
		return err
	}
	for key, ref := range found {
		if it := byEntry[key]; it != nil {
			d.done(it, ref, false, "")
			d.noteChart(it)
		}
	}
	if s := d.plan.subject; d.tagless() && s.verdict == file && s.ref == "" {
		return d.lookForPatient(ctx, s)
	}
	return nil
}

// lookForPatient finds the new chart of an earlier try on a server that cannot
// search by tag: among the Patients of that family name and birth date, the
// one that carries our tag, or, where tags are not even kept, the one that says
// exactly what we sent.
func (d *delivery) lookForPatient(ctx context.Context, it *item) error {
	q := url.Values{"_count": {"200"}}
	for param, v := range map[string]string{"family": it.res.Get("name", 0, "family").String(), "birthdate": it.res.Get("birthDate").String()} {
		if v != "" {
			q.Set(param, orSafe(v))
		}
	}
	if id := it.res.Get("identifier", 0); id.Get("system").Exists() && id.Get("value").Exists() {
		q.Set("identifier", orSafe(id.Get("system").String())+"|"+orSafe(id.Get("value").String()))
	}
	rs, err := d.opt.Client.Search(ctx, "Patient", q, 1000)
	if err != nil && !errors.Is(err, fhir.ErrTruncated) {
		if unsupported(err) {
			return nil
		}
		return err
	}
	none := func(string) string { return "" }
	for _, r := range rs {
		tagged := r.Get("meta", "tag").Len() > 0
		if d.entryKey(r) == it.key || !tagged && fhir.Same(it.base, r, none, none, mayBeInRecord) {
			d.done(it, "Patient/"+r.ID(), false, "")
			d.noteChart(it)
			return nil
		}
	}
	return nil
}

// stamped searches the types for this import's tag and returns references by
// entry key. A server without _tag gives nothing: then the comparison with the
// chart has to find what is there, and looks at the tags itself.
func (d *delivery) stamped(ctx context.Context, types map[string]bool) (map[string]string, error) {
	out := map[string]string{}
	if d.tagless() {
		return out, nil
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(d.opt.Parallel)
	results := make(chan []fhir.Resource, len(types))
	for typ := range types {
		g.Go(func() error {
			rs, err := d.opt.Client.Search(gctx, typ, url.Values{
				"_tag": {SystemImport + "|" + d.env.ID}, "_count": {"500"}}, searchMax)
			if unsupported(err) {
				d.learn(func(l *limits) { l.noTags = true })
				return nil
			}
			if err != nil && !errors.Is(err, fhir.ErrTruncated) {
				return err
			}
			results <- rs
			return nil
		})
	}
	err := g.Wait()
	close(results)
	if err != nil {
		return nil, err
	}
	for rs := range results {
		for _, r := range rs {
			if key := d.entryKey(r); key != "" {
				out[key] = r.Type() + "/" + r.ID()
			}
		}
	}
	return out, nil
}

// entryKey is the key of this import's entry that the server's resource was
// made from, "" when it was not made by this import.
func (d *delivery) entryKey(r fhir.Resource) string {
	if tagCode(r, SystemImport) != d.env.ID {
		return ""
	}
	if code := tagCode(r, SystemEntry); code != "" {
		return "urn:uuid:" + code
	}
	return ""
}

func tagCode(r fhir.Resource, system string) string {
	for _, t := range r.Get("meta", "tag").Elements() {
		if t.Get("system").String() == system {
			return t.Get("code").String()
		}
	}
	return ""
}

// unsupported tells an answer that means "not here" from one that means "not
// now": parameters, types and operations that the server does not have.
func unsupported(err error) bool {
	switch fhir.Status(err) {
	case 400, 403, 404, 405, 410, 422, 501:
		return true
	}
	return false
}

func (im *Importer) tagless() bool {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.learned.noTags
}

func (im *Importer) learn(f func(*limits)) {
	im.mu.Lock()
	defer im.mu.Unlock()
	f(&im.learned)
}

func (im *Importer) known() limits {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.learned
}
