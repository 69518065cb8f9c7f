package faults

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"shlkiosk/sync/audit"
	"shlkiosk/sync/phi"
	"shlkiosk/sync/sandbox"
)

// patient is one synthetic person that nobody else is like.
type patient struct {
	n             int
	family, birth string
	link          string
	passcode      string // "" for a link without
}

func newPatient(t *testing.T, w *sandbox.World, n int, passcode string) patient {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(n), 99))
	word := func() string {
		b := make([]byte, 9)
		for i := range b {
			b[i] = "bcdfghklmnprstvw"[r.IntN(16)]
			if i%2 == 1 {
				b[i] = "aeiou"[r.IntN(5)]
			}
		}
		return strings.ToUpper(string(b[:1])) + string(b[1:])
	}
	p := patient{n: n, passcode: passcode, family: word() + word(), birth: fmt.Sprintf("%04d-%02d-%02d", 1930+r.IntN(80), 1+r.IntN(12), 1+r.IntN(28))}
	entry := func(id, body string) string {
		return fmt.Sprintf(`{"fullUrl":"https://phr.example/%s/%d","resource":%s}`, id, n, body)
	}
	subject := fmt.Sprintf(`{"reference":"https://phr.example/Patient/%d"}`, n)
	text := func(s string) string { return fmt.Sprintf(`{"text":"%s %s"}`, s, p.family) }
	entries := []string{
		entry("Patient", fmt.Sprintf(`{"resourceType":"Patient","name":[{"family":%q,"given":[%q]}],"gender":"female","birthDate":%q}`, p.family, word(), p.birth)),
		entry("Condition", fmt.Sprintf(`{"resourceType":"Condition","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"code":%s,"subject":%s}`, text("Condition"), subject)),
		entry("AllergyIntolerance", fmt.Sprintf(`{"resourceType":"AllergyIntolerance","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},"code":%s,"patient":%s}`, text("Allergy"), subject)),
		entry("Observation", fmt.Sprintf(`{"resourceType":"Observation","status":"final","code":%s,"subject":%s,"effectiveDateTime":"2026-10-01","valueQuantity":{"value":%d.00,"unit":"mmol/L"}}`, text("Glucose"), subject, n)),
	}
	bundle := `{"resourceType":"Bundle","type":"collection","entry":[` + strings.Join(entries, ",") + `]}`
	issued, err := w.Issue(context.Background(), sandbox.IssueRequest{Bundle: json.RawMessage(bundle), Passcode: passcode})
	if err != nil {
		t.Fatal(err)
	}
	p.link = issued.Link
	return p
}

// rig is a demo world, a kiosk's folder, and what was acknowledged.
type rig struct {
	t      *testing.T
	world  *sandbox.World
	dir    string
	people []patient
	acked  map[int]string // import by patient
	opened int
	slow   time.Duration // slowest start, of the clock
	cost   time.Duration // and of the processor
	alarms []string
	parked []string
}

func newRig(t *testing.T) *rig {
	w, err := sandbox.Start(t.Context(), sandbox.Options{People: 50})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return &rig{t: t, world: w, dir: filepath.Join(t.TempDir(), "kiosk"), acked: map[int]string{}}
}

// life runs one kiosk on n new patients. started is called when it has its
// ledger open.
func (r *rig) life(n int, started func(*exec.Cmd), env ...string) error {
	r.t.Helper()
	var in bytes.Buffer
	for range n {
		p := newPatient(r.t, r.world, len(r.people), "")
		r.people = append(r.people, p)
		fmt.Fprintln(&in, p.n, p.link, p.birth)
	}
	return r.run(&in, func(word string, c *exec.Cmd) {
		if word == "ready" {
			started(c)
		}
	}, env...)
}

// run runs one kiosk and calls heard with each word it says.
func (r *rig) run(in io.Reader, heard func(word string, c *exec.Cmd), env ...string) error {
	r.t.Helper()
	cmd := exec.Command(os.Args[0])
	base, _ := phi.Forgetful(os.Environ())
	cmd.Env = append(base, append([]string{"FAULTS_CHILD=1", "FAULTS_DIR=" + r.dir, "FAULTS_WORLD=" + r.world.Base()}, env...)...)
	cmd.Stdin, cmd.Stderr = in, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "ready":
			r.opened++
			r.slow = max(r.slow, time.Since(began))
			ms, _ := strconv.Atoi(rest)
			r.cost = max(r.cost, time.Duration(ms)*time.Millisecond)
		case "ack":
			var n int
			var id string
			_, _ = fmt.Sscan(rest, &n, &id)
			r.acked[n] = id
		case "alarm":
			r.alarms = append(r.alarms, rest)
		case "parked":
			r.parked = append(r.parked, rest)
		case "error":
			r.t.Log("child:", rest)
		}
		heard(word, cmd)
	}
	err = cmd.Wait()
	r.quiet()
	return err
}

// quiet waits until the server has done, or dropped, all that the kiosk had
// sent.
func (r *rig) quiet() {
	r.t.Helper()
	http.DefaultClient.CloseIdleConnections()
	if err := r.world.Quiet(context.Background()); err != nil {
		r.t.Fatal(err)
	}
}

// hold runs one kiosk on a patient until all is delivered, and calls idle while
// it stands by. Its log, crash file and temporary files are in the folder of the
// rig, beside the kiosk's own.
func (r *rig) hold(p patient, idle func(*exec.Cmd)) error {
	r.t.Helper()
	in := strings.NewReader(fmt.Sprintln(p.n, p.link, p.birth, p.passcode))
	beside := filepath.Dir(r.dir)
	return r.run(in, func(word string, c *exec.Cmd) {
		if word == "idle" {
			idle(c)
		}
	}, "FAULTS_DRAIN=1", "FAULTS_HOLD="+beside, "TMPDIR="+beside)
}

func (r *rig) drain() {
	r.t.Helper()
	if err := r.life(0, func(*exec.Cmd) {}, "FAULTS_DRAIN=1"); err != nil {
		r.t.Error("drain:", err)
	}
}

// count asks the server how many resources fit a search.
func (r *rig) count(search string) int {
	r.t.Helper()
	res, err := http.Get(r.world.FHIRBase() + "/" + search)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	var found struct {
		Entry []struct {
			Search struct {
				Mode string `json:"mode"`
			} `json:"search"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(b, &found); err != nil || res.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %d %v", search, res.StatusCode, err)
	}
	n := 0
	for _, e := range found.Entry {
		if e.Search.Mode != "outcome" {
			n++
		}
	}
	return n
}

// tally is what became of everybody, and of the audit trail.
type tally struct {
	people, acked, lost, doubled, partly, groups int
	lines, sent, linesLost, linesDoubled, early  int
	opened                                       int
	slow, cost                                   time.Duration
}

func (a *tally) add(b tally) {
	for _, n := range [][2]*int{{&a.people, &b.people}, {&a.acked, &b.acked}, {&a.lost, &b.lost}, {&a.doubled, &b.doubled}, {&a.partly, &b.partly},
		{&a.groups, &b.groups}, {&a.lines, &b.lines}, {&a.sent, &b.sent}, {&a.linesLost, &b.linesLost}, {&a.linesDoubled, &b.linesDoubled},
		{&a.early, &b.early}, {&a.opened, &b.opened}} {
		*n[0] += *n[1]
	}
	a.slow, a.cost = max(a.slow, b.slow), max(a.cost, b.cost)
}

func (a tally) String() string {
	return fmt.Sprintf("acknowledged %d of %d, lost %d, doubled %d, in part %d, duplicate groups at the server %d; "+
		"audit trail: %d of %d lines sent, lost %d, doubled %d, out of order %d; opened %d; slowest start %s (processor %s)",
		a.acked, a.people, a.lost, a.doubled, a.partly, a.groups, a.sent, a.lines, a.linesLost, a.linesDoubled, a.early,
		a.opened, a.slow.Round(time.Millisecond), a.cost)
}

// check counts at the server what became of everybody, and says it.
func (r *rig) check(fault string) {
	r.t.Helper()
	report(r.t, fault, "%s", r.judge())
}

// judge counts at the server what became of everybody.
func (r *rig) judge() tally {
	r.t.Helper()
	n := tally{people: len(r.people), acked: len(r.acked), opened: r.opened, slow: r.slow, cost: r.cost}
	for _, p := range r.people {
		charts := r.count("Patient?family=" + p.family)
		if charts > 1 {
			n.doubled++
		}
		if charts == 0 {
			if _, ok := r.acked[p.n]; ok {
				n.lost++
			}
			continue
		}
		for _, typ := range []string{"Condition", "AllergyIntolerance", "Observation"} {
			switch have := r.count(typ + "?patient.family=" + p.family); {
			case have > 1:
				n.doubled++
			case have == 0:
				n.partly++
			}
		}
	}
	// Resources without a patient of their own (Provenance, Consent) are in these.
	for _, d := range r.world.Counts().Duplicates {
		n.groups++
		r.t.Logf("doubled at the server: %s, %s, %v", d.Type, d.Key, d.References)
	}
	r.judgeTrail(&n)
	// The clock's time depends on what else this machine does; the processor's is
	// the kiosk's own.
	if n.lost+n.doubled+n.partly+n.groups+n.linesLost+n.linesDoubled+n.early > 0 || len(r.alarms)+len(r.parked) > 0 || r.cost > 5*time.Second {
		r.t.Errorf("%s; alarms %v, parked %v", n, r.alarms, r.parked)
	}
	return n
}

// judgeTrail compares the audit trail with the AuditEvents at the server.
func (r *rig) judgeTrail(n *tally) {
	r.t.Helper()
	dir := filepath.Join(r.dir, "audit")
	trail, err := audit.List(dir, audit.Query{})
	if err != nil {
		r.t.Fatal(err)
	}
	cursor, err := audit.NewCursor(dir, "fhir")
	if err != nil {
		r.t.Fatal(err)
	}
	sent, err := cursor.Position()
	if err != nil {
		r.t.Fatal(err)
	}
	n.lines, n.sent = len(trail), int(sent.Seq)
	there, came := r.auditEvents()
	for i, e := range trail {
		switch copies := there[e.Hash]; {
		case copies > 1:
			n.linesDoubled++
		case copies == 0 && e.Seq <= sent.Seq:
			n.linesLost++
		case copies == 1 && i > 0 && came[e.Hash].Before(came[trail[i-1].Hash]):
			n.early++
		}
		delete(there, e.Hash)
	}
	if len(there)+len(sent.Unsure) > 0 {
		r.t.Errorf("audit trail: at the server and not here %d, unsure %v", len(there), sent.Unsure)
	}
}

// auditEvents counts the kiosk's own lines at the server by their hash, and says
// when the first copy of each came.
func (r *rig) auditEvents() (copies map[string]int, came map[string]time.Time) {
	r.t.Helper()
	copies, came = map[string]int{}, map[string]time.Time{}
	for next := r.world.FHIRBase() + "/AuditEvent?_count=500"; next != ""; {
		res, err := http.Get(next)
		if err != nil {
			r.t.Fatal(err)
		}
		var page struct {
			Link  []struct{ Relation, URL string }
			Entry []struct {
				Resource struct {
					Meta struct {
						LastUpdated time.Time
						Tag         []struct{ System, Code string }
					}
				}
			}
		}
		err = json.NewDecoder(res.Body).Decode(&page)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			r.t.Fatalf("searching AuditEvents: %d %v", res.StatusCode, err)
		}
		for _, e := range page.Entry {
			for _, tag := range e.Resource.Meta.Tag {
				if tag.System != audit.SystemEntry {
					continue // the import's own
				}
				copies[tag.Code]++
				if at := e.Resource.Meta.LastUpdated; came[tag.Code].IsZero() || at.Before(came[tag.Code]) {
					came[tag.Code] = at
				}
			}
		}
		next = ""
		for _, l := range page.Link {
			if l.Relation == "next" {
				next = l.URL
			}
		}
	}
	return copies, came
}

// report says a fault's figures; `make faults` makes its table of these lines.
func report(t *testing.T, fault, format string, args ...any) {
	t.Helper()
	fmt.Printf("\nFAULT  %s\nFIGURES  %s\nGUARDED BY  %s\n", fault, fmt.Sprintf(format, args...), t.Name())
}
