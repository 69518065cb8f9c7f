package intake

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"shlkiosk/sync/fhir"
)

// maxRounds bounds how often one run changes a transaction and posts it again:
// each round refuses an entry or shrinks the parts.
const maxRounds = 40

// send brings everything that is to be filed to the server: as one transaction
// where that works, in parts where the server sets limits, one by one where
// transactions do not exist.
func (d *delivery) send(ctx context.Context) error {
	for range maxRounds {
		todo := d.todo()
		if len(todo) == 0 {
			if err := d.mendLate(ctx); err != nil {
				return err
			}
			return d.undoOrphan(ctx)
		}
		keys := d.byKey()
		if d.env.Journal.Singles || d.known().singles || !d.caps.Transaction {
			if err := d.sendSingles(ctx, inOrder(todo, keys), keys); err != nil {
				return err
			}
			if err := d.mendLate(ctx); err != nil {
				return err
			}
			return d.undoOrphan(ctx)
		}
		part := d.cut(todo, keys)
		if err := d.sendPart(ctx, part, keys, len(part) == len(todo)); err != nil {
			return err
		}
	}
	return park(ReasonServerRefused, errors.New("the server refuses too many entries"))
}

func (d *delivery) todo() []*item {
	var out []*item
	for _, it := range d.plan.items {
		if it.verdict == file && it.ref == "" {
			out = append(out, it)
		}
	}
	for _, it := range d.added {
		if it.verdict == file && it.ref == "" && it.source != sourceImport {
			out = append(out, it)
		}
	}
	if len(out) == 0 && !d.anyCreated() {
		return nil // nothing new: nothing to vouch for either
	}
	for _, it := range d.added {
		if it.verdict == file && it.ref == "" && it.source == sourceImport {
			out = append(out, it)
		}
	}
	return out
}

func (d *delivery) anyCreated() bool {
	for _, it := range d.everything() {
		if it.verdict == file && it.ref != "" && it.source != sourceImport {
			return true
		}
	}
	return false
}

// envelopeSize is what an entry costs beside its resource.
const envelopeSize = 120

// cut takes the next part that fits the server's limits: whole connected
// components first, the patient in the first part; a component that is too
// large is cut in the order of its references.
func (d *delivery) cut(todo []*item, keys map[string]*item) []*item {
	lim := d.known()
	fits := func(n, size int) bool {
		return (lim.entries <= 0 || n <= lim.entries) && (lim.bytes <= 0 || size <= lim.bytes)
	}
	size := func(list []*item) int {
		n := 200
		for _, it := range list {
			n += len(it.base.Raw()) + envelopeSize
		}
		return n
	}
	if fits(len(todo), size(todo)) {
		return todo
	}
	subject := d.plan.subject
	if subject.verdict == file && subject.ref == "" {
		// Everything hangs on the patient; alone it makes no half record that
		// the journal does not know.
		return []*item{subject}
	}
	var part []*item
	for _, comp := range components(todo, keys) {
		next := append(part[:len(part):len(part)], comp...)
		if fits(len(next), size(next)) {
			part = next
			continue
		}
		if len(part) > 0 {
			continue // a later, smaller component may still fit
		}
		for _, it := range inOrder(comp, keys) {
			next := append(part[:len(part):len(part)], it)
			if !fits(len(next), size(next)) && len(part) > 0 {
				return part
			}
			part = next
		}
		return part
	}
	return part
}

// components groups items that are connected by references among themselves.
// What vouches for the whole import comes last, when all its targets have ids.
func components(items []*item, keys map[string]*item) [][]*item {
	parent := map[*item]*item{}
	find := func(x *item) *item {
		for parent[x] != x {
			parent[x] = parent[parent[x]]
			x = parent[x]
		}
		return x
	}
	var last []*item
	for _, it := range items {
		if it.vouches() {
			last = append(last, it)
			continue
		}
		parent[it] = it
	}
	for _, it := range items {
		if it.vouches() {
			continue
		}
		for _, t := range targets(it, keys) {
			if _, in := parent[t]; in {
				parent[find(it)] = find(t)
			}
		}
	}
	at := map[*item]int{}
	var out [][]*item
	for _, it := range items {
		if it.vouches() {
			continue
		}
		root := find(it)
		i, ok := at[root]
		if !ok {
			i = len(out)
			at[root] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], it)
	}
	if len(out) == 0 {
		for _, it := range last {
			out = append(out, []*item{it})
		}
	}
	return out
}

// vouches tells a resource that names everything the import made.
func (it *item) vouches() bool {
	return it.added && (it.res.Type() == "Provenance" || it.res.Type() == "AuditEvent")
}

// sendPart posts one transaction and reads every entry's answer.
func (d *delivery) sendPart(ctx context.Context, part []*item, keys map[string]*item, whole bool) error {
	together := make(map[*item]bool, len(part))
	for _, it := range part {
		together[it] = true
	}
	room := 100
	for _, it := range part {
		room += len(it.base.Raw()) + envelopeSize
	}
	b := bytes.NewBuffer(make([]byte, 0, room))
	b.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	for i, it := range part {
		if i > 0 {
			b.WriteByte(',')
		}
		r, late := render(it, keys, together)
		d.follows(it, late)
		b.WriteString(`{"fullUrl":"` + it.key + `","resource":`)
		b.Write(r.Raw())
		b.WriteString(`,"request":{"method":"POST","url":"` + it.res.Type() + `"`)
		if it.unless != nil {
			b.WriteString(`,"ifNoneExist":`)
			b.Write(fhir.Quote(it.unless.Encode()))
		}
		b.WriteString(`}}`)
	}
	b.WriteString(`]}`)
	d.env.Journal.Phase = PhaseSending
	if err := d.keep(); err != nil {
		return err
	}
	res, err := d.opt.Client.PostBundle(ctx, b.Bytes(), d.known().async)
	if err != nil {
		return d.partRefused(err, part, b.Len())
	}
	if len(res.Entries) != len(part) {
		return &Error{Class: Retry, Reason: ReasonServerError, Unknown: true, Err: errors.New("the answer has another number of entries")}
	}
	return d.partAnswered(ctx, res, part)
}

// partAnswered takes in the answers entry by entry. A true transaction has
// only good ones; a batch under that name may have others, and then the rest
// goes one by one.
func (d *delivery) partAnswered(_ context.Context, res fhir.BundleResult, part []*item) error {
	var later *Error
	for i, e := range res.Entries {
		it := part[i]
		switch {
		case e.OK() && e.Reference != "" && strings.HasPrefix(e.Reference, it.res.Type()+"/"):
			d.madeOrFound(it, e.Reference, e.Status == http.StatusOK)
			d.noteChart(it)
		case e.OK():
			later = &Error{Class: Retry, Reason: ReasonServerError, Unknown: true, Err: errors.New("an entry was carried out without saying where")}
		default:
			// It was no transaction. Why this entry failed may lie in another one:
			// one by one will tell.
			d.env.Journal.Singles = true
		}
	}
	if res.Type != "transaction-response" {
		d.env.Journal.Singles = true
	}
	if d.env.Journal.Singles {
		d.learn(func(l *limits) { l.singles = true })
		d.plan.note("no-transactions")
	}
	if err := d.keep(); err != nil {
		return err
	}
	if later != nil {
		return later
	}
	return nil
}

func (d *delivery) noteChart(it *item) {
	if it == d.plan.subject {
		d.env.Journal.Chart, d.env.Journal.NewChart = it.ref, true
	}
}

func (p *plan) note(code string) {
	for _, n := range p.notes {
		if n == code {
			return
		}
	}
	p.notes = append(p.notes, code)
}

func firstCode(o fhir.Outcome, status int) string {
	if c := o.Codes(); len(c) > 0 {
		return c[0]
	}
	return strconv.Itoa(status)
}

// partRefused reads a refusal of the whole Bundle. Nothing was written. nil
// means that something was changed and the next round may post again.
func (d *delivery) partRefused(err error, part []*item, size int) error {
	var he *fhir.HTTPError
	if !errors.As(err, &he) {
		return err
	}
	if it := conditional(part); it != nil && isAboutCondition(he, part, it) {
		d.conditionRefused(it) // without it the answer is about the rest
		return nil
	}
	switch {
	case he.Status == 413 || (he.Status == 400 || he.Status == 422) && tooLarge(he.Outcome):
		return d.shrink(he, part, size)
	case he.Status == 403, he.Status == 404, he.Status == 405, he.Status == 501,
		he.Status < 500 && (he.Outcome.Says("transaction") && he.Outcome.Says("not support")):
		d.env.Journal.Singles = true
		d.learn(func(l *limits) { l.singles = true })
		d.plan.note("no-transactions")
		return nil
	case he.Status == 400 || he.Status == 422:
		if i, ok := entryOf(he.Outcome); ok && i < len(part) {
			return d.drop(part[i], he)
		}
		// It does not say which: one by one finds out, and loses nothing else.
		d.env.Journal.Singles = true
		return nil
	}
	return err
}

// drop takes the entry that the server will not have out of the import.
func (d *delivery) drop(it *item, he *fhir.HTTPError) error {
	if it == d.plan.subject {
		return park(ReasonPatientRefused, he)
	}
	d.refuse(it, firstCode(he.Outcome, he.Status))
	if err := d.keep(); err != nil {
		return err
	}
	return nil
}

// shrink finds the way past a size limit: in the background first, then in
// smaller parts.
func (d *delivery) shrink(he *fhir.HTTPError, part []*item, size int) error {
	if n, ok := entryLimit(he.Outcome); ok && n < len(part) {
		d.learn(func(l *limits) { l.entries = n })
		return nil
	}
	if len(part) == 1 {
		return d.drop(part[0], he)
	}
	byCount := he.Outcome.Says("entries")
	d.learn(func(l *limits) {
		switch {
		case byCount:
			l.entries = max(1, len(part)/2)
		case !l.async && !l.noAsync:
			l.async = true
		default:
			l.async, l.noAsync = false, true
			l.bytes = max(4096, size/2)
		}
	})
	return nil
}

func tooLarge(o fhir.Outcome) bool {
	for _, c := range o.Codes() {
		if c == "too-long" || c == "too-costly" {
			return true
		}
	}
	return o.Says("too large") || o.Says("too many") || o.Says("exceed") || o.Says("limit")
}

var (
	entryExpression = regexp.MustCompile(`(?i)\bentry(?:\[|/|\()(\d+)`)
	entryWords      = regexp.MustCompile(`(?i)\bentr(?:y|ies)[ #]+(?:number |index |at index )?(\d+)`)
	limitWords      = regexp.MustCompile(`(?i)(?:maximum|max|limit|at most|more than|up to)[^0-9]{0,40}(\d{1,6})`)
)

// entryOf finds the index of the entry that an outcome complains about:
// "Bundle.entry[7].resource" in expression, location or words.
func entryOf(o fhir.Outcome) (int, bool) {
	for _, i := range o {
		if i.Severity != "error" && i.Severity != "fatal" {
			continue
		}
		for _, e := range append(i.Expression, i.Details.Reveal()) {
			for _, re := range []*regexp.Regexp{entryExpression, entryWords} {
				if m := re.FindStringSubmatch(e); m != nil {
					n, err := strconv.Atoi(m[1])
					return n, err == nil
				}
			}
		}
	}
	return 0, false
}

// entryLimit finds the number in "Transaction contains more than 500 entries".
func entryLimit(o fhir.Outcome) (int, bool) {
	if !o.Says("entries") {
		return 0, false
	}
	for _, i := range o {
		if m := limitWords.FindStringSubmatch(i.Details.Reveal()); m != nil {
			n, err := strconv.Atoi(m[1])
			return n, err == nil && n > 0
		}
	}
	return 0, false
}
