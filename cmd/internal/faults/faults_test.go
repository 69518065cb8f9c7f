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

	"shlkiosk/cmd/internal/engine"
	"shlkiosk/config"
	"shlkiosk/sync/audit"
	"shlkiosk/sync/intake"
	"shlkiosk/sync/outbox"
	"shlkiosk/sync/phi"
	"shlkiosk/sync/sandbox"
	"shlkiosk/sync/shl"
)

// The child is this test binary again: a kiosk without a screen.
//
//	FAULTS_CHILD  1
//	FAULTS_DIR    folder of key, ledger and audit
//	FAULTS_WORLD  address of the demo world
//	FAULTS_DRAIN  1: end when nothing waits any more
//
// It reads "link birth-date" lines from its input, imports each, and prints
// "ready", and "ack NUMBER ID" once the import is on disk.
func TestMain(m *testing.M) {
	if os.Getenv("FAULTS_CHILD") != "" {
		if err := kiosk(context.Background()); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func kiosk(ctx context.Context) error {
	world := os.Getenv("FAULTS_WORLD")
	cfg := config.Defaults()
	cfg.Organization, cfg.Kiosk = "Fault Clinic", "kiosk-1"
	cfg.FHIR.Base = world + "/fhir"
	cfg.Retrieval.Allow = []string{world}
	cfg.Identity.Policy = "create"
	cfg.Ledger.Dir = os.Getenv("FAULTS_DIR")
	core, err := engine.NewCore(cfg, engine.Env{})
	if err != nil {
		return err
	}
	chart, err := core.NewChart(false)
	if err != nil {
		return err
	}
	store, err := core.OpenStore()
	if err != nil {
		return err
	}
	for _, a := range store.Ledger.Alarms() {
		fmt.Println("alarm", a.Code)
	}
	fmt.Println("ready")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// As Store.NewWorker, but without its pace for a server that just came back.
	worker := outbox.NewWorker(store.Ledger, &engine.Deliverer{Importer: chart.Importer},
		outbox.WorkerOptions{Rate: 100, Keep: cfg.Ledger.KeepDone, Settle: 2 * time.Second})
	done := make(chan error, 1)
	go func() { done <- worker.Run(ctx) }()

	lines := bufio.NewScanner(os.Stdin)
	buf := make([]byte, 1<<16) // of the harness, not of the kiosk: cleared for the canary test
	lines.Buffer(buf, len(buf))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		link, err := shl.Parse(f[1], time.Now())
		if err != nil {
			return err
		}
		opened, err := core.OpenLink(ctx, link, nil)
		link.Wipe()
		if err != nil {
			return err
		}
		env := core.Envelope(opened)
		env.Typed.BirthDate = intake.Fact(f[2])
		env.Consent = intake.Consent{Text: "consent", Version: "v1", Language: "en", At: time.Now()}
		opened.Wipe()
		if _, err := store.Put(ctx, env, ""); err != nil {
			return err
		}
		fmt.Println("ack", f[0], env.ID)
	}
	if os.Getenv("FAULTS_DRAIN") == "" {
		return <-done
	}
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		worker.Kick()
		waiting, err := store.Ledger.List(outbox.Filter{States: []outbox.State{outbox.Queued, outbox.Sending, outbox.Delivered}})
		if err != nil {
			return err
		}
		if len(waiting) == 0 {
			break
		}
	}
	cancel()
	if err := <-done; err != nil {
		return err
	}
	rest, err := store.Ledger.List(outbox.Filter{})
	for _, h := range rest {
		if h.State != outbox.Verified {
			fmt.Println("parked", h.ID, h.State, h.Reason)
		}
	}
	if err != nil {
		return err
	}
	if os.Getenv("FAULTS_HOLD") != "" {
		phi.Wipe(buf)
		engine.Forget(chart)
		fmt.Println("idle")
		time.Sleep(time.Hour)
	}
	key, err := core.AuditKey()
	if err != nil {
		return err
	}
	if _, err := audit.Verify(filepath.Join(cfg.Ledger.Dir, "audit"), key); err != nil {
		fmt.Println("alarm", err)
	}
	return store.Close()
}

// patient is one synthetic person that nobody else is like.
type patient struct {
	n             int
	family, birth string
	link          string
}

func newPatient(t *testing.T, w *sandbox.World, n int) patient {
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
	p := patient{n: n, family: word() + word(), birth: fmt.Sprintf("%04d-%02d-%02d", 1930+r.IntN(80), 1+r.IntN(12), 1+r.IntN(28))}
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
	issued, err := w.Issue(context.Background(), sandbox.IssueRequest{Bundle: json.RawMessage(bundle)})
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
	slow   time.Duration
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
		p := newPatient(r.t, r.world, len(r.people))
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
	cmd.Env = append(os.Environ(), append([]string{"FAULTS_CHILD=1", "FAULTS_DIR=" + r.dir, "FAULTS_WORLD=" + r.world.Base()}, env...)...)
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
	return cmd.Wait()
}

// hold runs one kiosk on a patient until all is delivered, and calls idle while
// it stands by.
func (r *rig) hold(p patient, idle func(*exec.Cmd)) error {
	r.t.Helper()
	in := strings.NewReader(fmt.Sprintln(p.n, p.link, p.birth))
	return r.run(in, func(word string, c *exec.Cmd) {
		if word == "idle" {
			idle(c)
		}
	}, "FAULTS_DRAIN=1", "FAULTS_HOLD=1", "GODEBUG=clobberfree=1")
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

// check counts at the server what became of everybody.
func (r *rig) check(fault string) {
	r.t.Helper()
	lost, doubled, partly := 0, 0, 0
	for _, p := range r.people {
		charts := r.count("Patient?family=" + p.family)
		if charts > 1 {
			doubled++
		}
		if charts == 0 {
			if _, ok := r.acked[p.n]; ok {
				lost++
			}
			continue
		}
		for _, typ := range []string{"Condition", "AllergyIntolerance", "Observation"} {
			switch n := r.count(typ + "?patient.family=" + p.family); {
			case n > 1:
				doubled++
			case n == 0:
				partly++
			}
		}
	}
	// Resources without a patient of their own (Provenance, Consent) are in these.
	dup := len(r.world.Counts().Duplicates)
	for _, d := range r.world.Counts().Duplicates {
		r.t.Logf("doubled at the server: %s, %s, %v", d.Type, d.Key, d.References)
	}
	if lost+doubled+partly+dup > 0 || len(r.alarms)+len(r.parked) > 0 || r.slow > 5*time.Second {
		r.t.Errorf("lost %d, doubled %d, in part %d, duplicate groups %d, alarms %v, parked %v, slowest start %s", lost, doubled, partly, dup, r.alarms, r.parked, r.slow)
	}
	fmt.Printf("\nFAULT  %s\nFIGURES  acknowledged %d of %d, lost %d, doubled %d, in part %d, duplicate groups at the server %d; opened %d; slowest start %s\nGUARDED BY  %s\n",
		fault, len(r.acked), len(r.people), lost, doubled, partly, dup, r.opened, r.slow.Round(time.Millisecond), r.t.Name())
}

// times chooses how often a fault is tried: FAULTS=long for the figures of issue
// 6, FAULTS=250 for at most so many, nothing for seconds.
func times(short, long int) int {
	v := os.Getenv("FAULTS")
	if n, err := strconv.Atoi(v); err == nil {
		return min(n, long)
	}
	if v == "long" {
		return long
	}
	return short
}

// kill -9 at random points of the whole way: scan, ledger, delivery, answer.
func TestFaultsWholeWayKill(t *testing.T) {
	r := newRig(t)
	n := times(6, 1000)
	rnd := rand.New(rand.NewPCG(1, 1))
	drains := 0
	for i := range n {
		if i%25 == 24 { // deliver what has piled up: the lives are too short for it
			r.drain()
			drains++
		}
		after := time.Duration(rnd.IntN(250_000)) * time.Microsecond
		_ = r.life(1+rnd.IntN(2), func(c *exec.Cmd) { time.AfterFunc(after, func() { _ = c.Process.Kill() }) })
	}
	opened := r.opened - drains
	r.drain()
	if opened != n {
		t.Errorf("opened %d of %d", opened, n)
	}
	r.check(fmt.Sprintf("whole way, %d random kills", n))
}

// Killed after the server's commit, before its answer is read: the server keeps
// the answer back until the kiosk is dead.
func TestFaultsWholeWayKillAfterCommit(t *testing.T) {
	r := newRig(t)
	n := times(2, 200)
	for range n {
		commits := r.world.Counts().Transactions
		if err := r.world.SetBehaviour(sandbox.Behaviour{Faults: []sandbox.Fault{{Kind: "drip", DripMillis: 200, What: "transaction", Times: 1}}}); err != nil {
			t.Fatal(err)
		}
		_ = r.life(1, func(c *exec.Cmd) {
			go func() {
				for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
					if r.world.Counts().Transactions > commits {
						break
					}
				}
				_ = c.Process.Kill()
			}()
		})
		if r.world.Counts().Transactions == commits {
			t.Error("no transaction was committed: the kill proves nothing")
		}
		if err := r.world.SetBehaviour(sandbox.Behaviour{}); err != nil {
			t.Fatal(err)
		}
		r.drain()
	}
	r.check(fmt.Sprintf("whole way, %d kills between the server's commit and our reading", n))
}

// Several new patients at once on a server that has never seen this kiosk: what
// their imports share (the kiosk's Device) is made once.
func TestFaultsWholeWayFirstDeliveries(t *testing.T) {
	for range times(2, 20) {
		r := newRig(t)
		_ = r.life(4, func(*exec.Cmd) {}, "FAULTS_DRAIN=1")
		r.check("whole way, first deliveries on a new server")
	}
}
