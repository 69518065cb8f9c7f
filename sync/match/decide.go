package match

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"shlkiosk/sync/fhir"
)

// matchCount is how many candidates $match is asked for. More than these few
// are no help to anybody (and more disclosure).
const matchCount = 5

// shownCandidates is how many staff are shown.
const shownCandidates = 10

// Decide finds the chart of the person. patient is the record's Patient as it
// came. An error means that the server could not be asked (the caller retries
// or hands over to staff); everything that the server did answer leads to a
// Decision.
func Decide(ctx context.Context, port Port, patient fhir.Resource, typed Typed, pol Policy, now time.Time) (Decision, error) {
	d := decider{port: port, ours: read(patient, now), typed: typed, pol: pol, now: now, found: map[string]*found{}}
	d.out = Decision{Outcome: OutcomeStaff, RulesVersion: RulesVersion, OnBehalf: typed.OnBehalf}
	if patient.Type() != "Patient" {
		d.out.Why = WhyNoPatient
		return d.out, nil
	}
	if err := d.look(ctx, patient); err != nil {
		return Decision{}, err
	}
	d.followLinks(ctx)
	d.decide()
	return d.out, nil
}

// found is one chart with what is known of it.
type found struct {
	person   person
	verdict  Verdict
	server   string // the server's grade
	replaces string // the chart whose link led here
	stale    bool   // replaced by another: only that one counts
	unclear  bool   // replaced, and the successor could not be followed
}

type decider struct {
	port      Port
	ours      person
	typed     Typed
	pol       Policy
	now       time.Time
	found     map[string]*found
	order     []string
	truncated bool
	failed    int
	out       Decision
}

// look asks $match, for certain ones and for all, and then, unless both sides
// name the same single chart, searches.
func (d *decider) look(ctx context.Context, patient fhir.Resource) error {
	supported, err := d.askMatch(ctx, patient)
	if err != nil {
		return err
	}
	if supported {
		d.out.Server = "match"
		if d.settled() {
			return nil
		}
	}
	if err := d.search(ctx, searches(d.ours)); err != nil {
		return err
	}
	d.out.Server = strings.TrimPrefix(d.out.Server+"+search", "+")
	return nil
}

// parallel is how many searches wait for the server at a time: somebody
// stands in front of the kiosk.
const parallel = 4

// search runs the searches and adds who was found, in the order of the list.
// It fails only when every one did.
func (d *decider) search(ctx context.Context, list []blocking) error {
	type answer struct {
		patients []fhir.Resource
		err      error
	}
	answers := make([]answer, len(list))
	slots := make(chan struct{}, parallel)
	var wg sync.WaitGroup
	for i, s := range list {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			answers[i].patients, answers[i].err = d.port.Search(ctx, s.params)
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("match: search: %w", ctx.Err())
	}
	var first error
	failures := 0
	for i, a := range answers {
		if a.err != nil {
			first = cmp.Or(first, a.err)
			failures++
			if !list[i].extra || !refused(a.err) {
				d.failed++
			}
			continue
		}
		d.out.Searches++
		if len(a.patients) >= list[i].limit && !list[i].broad {
			d.truncated = true
		}
		for _, r := range a.patients {
			d.add(r, "")
		}
	}
	if len(list) > 0 && failures == len(list) {
		return fmt.Errorf("match: search: %w", first)
	}
	return nil
}

// refused tells that the server does not do such a search at all, which is not
// the same as failing to do it now.
func refused(err error) bool {
	var he *fhir.HTTPError
	if !errors.As(err, &he) {
		return false
	}
	switch he.Status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return false
}

func (d *decider) askMatch(ctx context.Context, patient fhir.Resource) (supported bool, err error) {
	q, ok, err := Query(patient)
	if err != nil || !ok {
		return false, err
	}
	for _, onlyCertain := range []bool{true, false} {
		got, err := d.port.Match(ctx, q, onlyCertain, matchCount)
		switch {
		case errors.Is(err, ErrUnsupported):
			return supported, nil
		case err != nil:
			return false, fmt.Errorf("match: $match: %w", err)
		}
		supported = true
		for _, g := range got {
			d.add(g.Patient, serverGrade(g))
		}
	}
	return supported, nil
}

// serverGrade reads the grade, or makes one of the score where there is none.
func serverGrade(g Graded) string {
	switch {
	case g.Grade != "":
		return g.Grade
	case g.Score >= 0.95:
		return string(Certain)
	case g.Score >= 0.65:
		return string(Probable)
	case g.Score >= 0.2:
		return string(Possible)
	case g.Score > 0:
		return string(Not)
	}
	return ""
}

func (d *decider) add(r fhir.Resource, grade string) *found {
	if r.Type() != "Patient" || r.ID() == "" {
		return nil
	}
	f, ok := d.found["Patient/"+r.ID()]
	if !ok {
		p := read(r, d.now)
		f = &found{person: p, verdict: judge(d.ours, p)}
		d.found[p.reference] = f
		d.order = append(d.order, p.reference)
	}
	if grade != "" {
		f.server = grade
	}
	return f
}

// settled tells that the server's $match and our rules name the same chart
// and no other, from an answer that was not cut at matchCount.
func (d *decider) settled() bool {
	certain := 0
	for _, f := range d.found {
		if f.verdict.Grade == Certain && f.server == string(Certain) && !f.person.inactive {
			certain++
		} else if f.server == string(Certain) || f.verdict.Grade == Certain {
			return false
		}
	}
	return certain == 1 && len(d.found) < matchCount
}

// decide sorts what was found and applies the policy.
func (d *decider) decide() {
	var live []*found
	for _, ref := range d.order {
		if f := d.found[ref]; !f.stale && f.verdict.Grade != Not {
			live = append(live, f)
		}
	}
	slices.SortStableFunc(live, func(a, b *found) int {
		return cmp.Or(cmp.Compare(gradeRank(a.verdict.Grade), gradeRank(b.verdict.Grade)),
			cmp.Compare(b.verdict.Score, a.verdict.Score), cmp.Compare(b.verdict.agreement.score(), a.verdict.agreement.score()),
			cmp.Compare(a.person.reference, b.person.reference))
	})
	if len(live) > 0 {
		d.out.Grade, d.out.Rule = string(live[0].verdict.Grade), live[0].verdict.Rule
	}
	d.out.Outcome, d.out.Why = d.judge(live)
	switch d.out.Outcome {
	case OutcomeCertain:
		d.out.Chart = live[0].person.reference
		d.out.Typed = d.typed.BirthDate != ""
		live = live[:1]
	case OutcomeNone:
		live = nil
	}
	for _, f := range live[:min(len(live), shownCandidates)] {
		d.out.Candidates = append(d.out.Candidates, f.candidate(d.ours))
	}
}

func gradeRank(g Grade) int { return slices.Index([]Grade{Certain, Probable, Possible, Not}, g) }

func (f *found) candidate(ours person) Candidate {
	return Candidate{Reference: f.person.reference, Grade: f.verdict.Grade, Score: f.verdict.Score, Rule: f.verdict.Rule,
		Objection: f.verdict.Objection, Server: f.server, Deceased: f.person.deceased, Inactive: f.person.inactive,
		Replaces: f.replaces, Fields: fields(ours, f.person, f.verdict.agreement)}
}

// judge is the policy: certain, unique, alive, in use, and the typed birth
// date equal on both sides; or nobody at all; or staff.
func (d *decider) judge(live []*found) (Outcome, string) {
	typed := parseBirth(d.typed.BirthDate.Reveal(), d.now)
	switch {
	case d.ours.deceased:
		return OutcomeStaff, WhyDeceased
	case d.typed.BirthDate == "" && !d.pol.NoTyped:
		return OutcomeStaff, WhyNoTyped
	case d.typed.BirthDate != "" && (!d.ours.dob.full() || typed.text != d.ours.dob.text):
		return OutcomeStaff, WhyTypedRecord
	}
	for _, ref := range d.order {
		if f := d.found[ref]; f.server == string(Certain) && !f.stale && f.verdict.Grade == Not {
			return OutcomeStaff, WhyServer
		}
	}
	if len(live) == 0 {
		return d.nobody()
	}
	best := live[0]
	if best.verdict.Grade != Certain {
		return OutcomeStaff, WhyNotCertain
	}
	for _, other := range live[1:] {
		switch {
		case other.verdict.Grade == Certain:
			return OutcomeStaff, WhySeveral
		case other.server == string(Certain):
			return OutcomeStaff, WhyServer
		case rivals(best.verdict.agreement, other.verdict.agreement):
			return OutcomeStaff, WhyTwin
		}
	}
	switch {
	case best.server == string(Not):
		return OutcomeStaff, WhyServer
	case best.unclear:
		return OutcomeStaff, WhyReplaced
	case best.person.deceased:
		return OutcomeStaff, WhyDeceased
	case best.person.inactive:
		return OutcomeStaff, WhyInactive
	case typed.full() && best.person.dob.text != typed.text, best.verdict.agreement.dob != dobSame:
		return OutcomeStaff, WhyTypedChart
	case !d.secondFits(best.person):
		return OutcomeStaff, WhyTypedSecond
	}
	return OutcomeCertain, ""
}

// nobody decides what nobody means: a new chart, if the record says enough to
// be found again, every search was complete, and the clinic allows it.
func (d *decider) nobody() (Outcome, string) {
	switch {
	case len(d.ours.firsts()) == 0 || len(d.ours.lasts()) == 0 || !d.ours.dob.full():
		return OutcomeStaff, WhyTooLittle
	case d.truncated:
		return OutcomeStaff, WhyTruncated
	case d.failed > 0:
		return OutcomeStaff, WhySearchFailed
	case !d.pol.CreateNew:
		return OutcomeStaff, WhyCreateOff
	}
	return OutcomeNone, ""
}

// rivals tells that another chart casts doubt on the certain one: the first
// name agrees only loosely, and the other is of the same household, family
// name and birth date, as a twin's is; or the other fits at least as well.
func rivals(best, other agreement) bool {
	twin := other.dob == dobSame && other.last <= near &&
		(other.street <= near || other.phone == exact || other.email == exact)
	if best.first > exact && twin && other.first <= best.first {
		return true
	}
	if best.first > short && twin && !best.swapped {
		return true
	}
	return other.first <= initial && other.score() > best.score()
}

// secondFits tells that a second typed fact, a postal code or a phone, is
// the record's or the chart's.
func (d *decider) secondFits(chart person) bool {
	s := d.typed.Second.Reveal()
	if s == "" {
		return true
	}
	for _, p := range []person{d.ours, chart} {
		if n := phone(s); n != "" && slices.Contains(p.phones, n) {
			return true
		}
		if z := postal(s); z != "" && slices.Contains(p.zips, z) {
			return true
		}
	}
	return false
}
