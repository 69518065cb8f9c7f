package intake

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"shlkiosk/sync/fhir"
)

// held is a resource of the server that an item may be equal to.
type held struct {
	res   fhir.Resource
	ref   string
	taken bool
}

// way is one way of being the same: keys that both sides must share, and a
// closer look at a pair that shares one.
type way struct {
	ours   func(*item) []string
	theirs func(*held) []string
	look   func(*item, *held) (same bool, why string)
}

// reconcile compares what is to be filed with what the server holds, so that
// nothing is filed twice. Resources of the patient are compared with the
// patient's chart, shared ones (organisations, practitioners, medications) with
// those of the same identifier or content.
func (d *delivery) reconcile(ctx context.Context) error {
	have := map[string][]*held{}
	seen := map[string]bool{}
	var mu sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(d.opt.Parallel)
	fetch := func(typ string, get func(context.Context) ([]fhir.Resource, error)) {
		g.Go(func() error {
			rs, err := get(gctx)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for _, r := range rs {
				ref := typ + "/" + r.ID()
				if seen[ref] {
					continue
				}
				seen[ref] = true
				have[typ] = append(have[typ], &held{res: r, ref: ref})
			}
			return nil
		})
	}
	byType := map[string][]*item{}
	for _, it := range d.plan.items {
		if it.verdict == file && it.ref == "" && it.kind != person && it.kind != attached {
			byType[it.res.Type()] = append(byType[it.res.Type()], it)
		}
	}
	chart := d.env.Journal.Chart
	for typ, items := range byType {
		if filed[typ] == shared {
			fetch(typ, func(ctx context.Context) ([]fhir.Resource, error) { return d.findShared(ctx, typ, items) })
			continue
		}
		if chart != "" && (!d.env.Journal.NewChart || d.env.Journal.Phase == PhaseSending) {
			fetch(typ, func(ctx context.Context) ([]fhir.Resource, error) { return d.chartOf(ctx, typ, chart) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if len(have) == 0 { // a new chart on a server that knows none of the others
		d.attachedToo()
		return nil
	}
	for _, h := range have["Coverage"] {
		if h.res.Get("status").String() == "active" {
			d.insured = append(d.insured, h.res.Raw())
		}
	}
	keys := d.byKey()
	order := slices.DeleteFunc(inOrder(d.plan.items, keys), func(it *item) bool {
		return it.verdict != file || it.ref != "" || it.kind == person || it.kind == attached
	})
	for _, w := range d.ways(keys, byType, have) {
		d.pair(order, have, w)
	}
	d.attachedToo()
	return nil
}

// pair gives each item the first resource that is the same in one way. A
// resource of the chart stands for one entry only: two readings stay two.
func (d *delivery) pair(order []*item, have map[string][]*held, w way) {
	index := map[string][]*held{}
	for typ, list := range have {
		for _, h := range list {
			if h.taken && filed[typ] != shared {
				continue
			}
			for _, k := range w.theirs(h) {
				index[typ+" "+k] = append(index[typ+" "+k], h)
			}
		}
	}
	if len(index) == 0 {
		return
	}
	for _, it := range order {
		if it.ref != "" {
			continue
		}
		for _, k := range w.ours(it) {
			for _, h := range index[it.res.Type()+" "+k] {
				if it.ref != "" || h.taken && it.kind != shared {
					continue
				}
				if same, why := w.look(it, h); same {
					h.taken = true
					d.done(it, h.ref, why != "", why)
					if why == WhyDifferent {
						d.proposeUpdate(it, h)
					}
				}
			}
		}
	}
}

// ways are the ways of being the same, the surest first: made by an earlier
// try of this import; brought by an earlier import; equal in content, with the
// same references; of the same business identifier; of the same meaning.
func (d *delivery) ways(keys map[string]*item, byType map[string][]*item, have map[string][]*held) []way {
	one := func(s string) []string {
		if s == "" {
			return nil
		}
		return []string{s}
	}
	always := func(why string) func(*item, *held) (bool, string) {
		return func(*item, *held) (bool, string) { return true, why }
	}
	return []way{
		{func(it *item) []string { return one(it.key) }, func(h *held) []string { return one(d.entryKey(h.res)) }, always("")},
		{func(it *item) []string { return one(it.contentHash()) }, func(h *held) []string { return one(tagCode(h.res, SystemContent)) }, always(WhySameBefore)},
		{func(it *item) []string { return one(skeleton(it.base)) }, func(h *held) []string { return one(skeleton(h.res)) },
			func(it *item, h *held) (bool, string) { return d.sameReferences(it, h, keys), WhySameContent }},
		{func(it *item) []string { return businessIDs(it.res) }, func(h *held) []string { return businessIDs(h.res) }, d.sameIdentifier(byType, have)},
		{func(it *item) []string { return one(meaning(it.base)) }, func(h *held) []string { return one(meaning(h.res)) }, always(WhySameMeaning)},
	}
}

// chartOf gets all resources of a type that are about the chart's patient. The
// server's filter is not trusted: some ignore parameters they do not know.
func (d *delivery) chartOf(ctx context.Context, typ, chart string) ([]fhir.Resource, error) {
	var last error
	for _, param := range []string{"patient", "subject"} {
		rs, err := d.opt.Client.Search(ctx, typ, url.Values{param: {chart}, "_count": {"500"}}, searchMax)
		if err == nil || errors.Is(err, fhir.ErrTruncated) {
			return slices.DeleteFunc(rs, func(r fhir.Resource) bool { return !d.aboutChart(r) }), nil
		}
		if !unsupported(err) {
			return nil, err
		}
		last = err
	}
	if fhir.Status(last) == 403 {
		return nil, last
	}
	d.note("not-compared-" + typ)
	return nil, nil
}

func (d *delivery) note(code string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.plan.note(code)
}

// aboutChart tells whether a resource of the server is about the chart's
// patient.
func (d *delivery) aboutChart(r fhir.Resource) bool {
	for _, name := range []string{"subject", "patient", "beneficiary"} {
		if ref := r.Get(name, "reference").String(); ref != "" {
			return d.local(ref) == d.env.Journal.Chart
		}
	}
	return false
}

// local makes a server's reference "Type/id" when it is to this server.
func (d *delivery) local(ref string) string {
	l, ok := fhir.ParseLiteral(ref)
	if !ok || l.Base != "" && l.Base != d.opt.Client.Base() {
		return ref
	}
	return l.Local()
}

// sharedBatch is how many identifiers or tags go into one search.
const sharedBatch = 20

// findShared looks for shared resources by identifier and by the content tag
// of earlier imports.
func (d *delivery) findShared(ctx context.Context, typ string, items []*item) ([]fhir.Resource, error) {
	var ids, tags []string
	for _, it := range items {
		for _, id := range it.res.Get("identifier").Elements() {
			if sys, val := id.Get("system").String(), id.Get("value").String(); sys != "" && val != "" {
				ids = append(ids, orSafe(sys)+"|"+orSafe(val))
			}
		}
		tags = append(tags, SystemContent+"|"+it.contentHash())
	}
	search := func(ctx context.Context, into *[]fhir.Resource, param string, values []string) (able bool, _ error) {
		for part := range slices.Chunk(values, sharedBatch) {
			rs, err := d.opt.Client.Search(ctx, typ, url.Values{param: {strings.Join(part, ",")}, "_count": {"200"}}, 1000)
			switch {
			case err == nil, errors.Is(err, fhir.ErrTruncated):
				*into = append(*into, rs...)
			case unsupported(err):
				return false, nil
			default:
				return false, err
			}
		}
		return true, nil
	}
	var known, named []fhir.Resource // by tag or name, by identifier: always in this order
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		_, err := search(gctx, &named, "identifier", ids)
		return err
	})
	g.Go(func() error {
		if !d.tagless() {
			able, err := search(gctx, &known, "_tag", tags)
			if able || err != nil {
				return err
			}
			d.learn(func(l *limits) { l.noTags = true })
		}
		// Without tags, what an earlier import made is found by its name.
		param, names := namesFor(typ, items)
		if len(names) == 0 {
			return nil
		}
		_, err := search(gctx, &known, param, names)
		return err
	})
	err := g.Wait()
	return append(known, named...), err
}

// namesFor are the search parameter and values by which shared resources of a
// type are found without identifiers.
func namesFor(typ string, items []*item) (param string, values []string) {
	for _, it := range items {
		v := ""
		switch typ {
		case "Practitioner":
			param, v = "family", orSafe(it.res.Get("name", 0, "family").String())
		case "Medication", "Substance":
			param = "code"
			if c := it.res.Get("code", "coding", 0); c.Get("code").Exists() {
				v = orSafe(c.Get("system").String()) + "|" + orSafe(c.Get("code").String())
			}
		default:
			param, v = "name", orSafe(it.res.Get("name").String())
		}
		if v != "" && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	return param, values
}

// orSafe escapes what has a meaning in a search value (FHIR R4 search.html
// #escaping).
func orSafe(s string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `|`, `\|`, `$`, `\$`).Replace(s)
}

// sameReferences compares reference by reference. A target that has no place
// on the server yet cannot contradict.
func (d *delivery) sameReferences(it *item, h *held, keys map[string]*item) bool {
	var theirs []string
	for ref := range h.res.References() {
		theirs = append(theirs, d.local(ref.Text()))
	}
	i := 0
	for ref := range it.base.References() {
		if i >= len(theirs) {
			return false
		}
		text := ref.Text()
		if t := keys[text]; t != nil {
			for t.twin != nil {
				t = t.twin
			}
			text = t.ref
		}
		if text != "" && text != theirs[i] {
			return false
		}
		i++
	}
	return i == len(theirs)
}

// sameIdentifier: the same business identifier of this patient. An identifier
// that several entries share (an order number on every result of a panel)
// identifies none of them.
func (d *delivery) sameIdentifier(byType map[string][]*item, have map[string][]*held) func(*item, *held) (bool, string) {
	ours, theirs := map[string]int{}, map[string]int{}
	for typ, items := range byType {
		for _, it := range items {
			for _, k := range businessIDs(it.res) {
				ours[typ+" "+k]++
			}
		}
	}
	for typ, list := range have {
		for _, h := range list {
			for _, k := range businessIDs(h.res) {
				theirs[typ+" "+k]++
			}
		}
	}
	return func(it *item, h *held) (bool, string) {
		typ := it.res.Type()
		shares := false
		for _, k := range businessIDs(it.res) {
			if slices.Contains(businessIDs(h.res), k) && (it.kind == shared || ours[typ+" "+k] == 1 && theirs[typ+" "+k] == 1) {
				shares = true
			}
		}
		switch {
		case !shares:
			return false, ""
		case it.kind == shared:
			return sameName(it.res, h.res), WhySameID
		case saysOtherwise(it, h):
			return true, WhyDifferent
		}
		return true, WhySameID
	}
}

func businessIDs(r fhir.Resource) []string {
	var out []string
	id := r.Get("identifier")
	one := func(v fhir.Value) {
		if sys, val := v.Get("system").String(), strings.TrimSpace(v.Get("value").String()); sys != "" && val != "" {
			out = append(out, sys+"|"+val)
		}
	}
	one(id)
	for _, v := range id.Elements() {
		one(v)
	}
	return out
}

// sameName guards shared identifiers against placeholders: the name has to
// agree too, where both have one.
func sameName(a, b fhir.Resource) bool {
	na, nb := nameOf(a), nameOf(b)
	return na == "" || nb == "" || na == nb
}

func nameOf(r fhir.Resource) string {
	switch r.Type() {
	case "Practitioner":
		return foldText(r.Get("name", 0, "family").String())
	case "Medication", "Substance":
		return ""
	}
	return foldText(r.Get("name").String())
}

// attachedToo gives a Binary the fate of the document that holds it.
func (d *delivery) attachedToo() {
	for _, bin := range d.plan.items {
		if bin.kind != attached || bin.verdict != file || bin.ref != "" {
			continue
		}
		users, there := 0, 0
		for _, it := range d.plan.items {
			if it.verdict != file && it.verdict != existing || !slices.ContainsFunc(it.edges, func(e edge) bool { return e.target == bin }) {
				continue
			}
			users++
			if it.verdict == existing {
				there++
			}
		}
		if users > 0 && users == there {
			bin.verdict, bin.why = existing, WhySameContent
		}
	}
}
