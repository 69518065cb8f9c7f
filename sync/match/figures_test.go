package match

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"shlkiosk/sync/fhir"
)

// The seeds. Tables, rules and guards were tuned on tuningSeeds only; the
// figures that are reported, and the gates below, are over reportingSeeds.
var (
	tuningSeeds    = []uint64{7, 101, 102}
	reportingSeeds = []uint64{20261123, 11, 22, 33, 44, 55, 66, 77, 88, 99, 110}
)

const (
	tuningSeed    = 7
	reportingSeed = 20261123
)

// fewPerKind is for the other reporting seeds where time is short (CI): enough
// to see a false positive that hangs on the seed.
const fewPerKind = 24

// pairsPerKind makes 22,000 pairs and more of all kinds together.
const pairsPerKind = 480

type pair struct {
	kind string
	same bool
	a, b fhir.Resource
}

func makePairs(t testing.TB, seed uint64, perKind int) []pair {
	t.Helper()
	w := newWorld(t, seed)
	var out []pair
	for _, k := range append(sameKinds(), otherKinds()...) {
		for n, tries := 0, 0; n < perKind; tries++ {
			if tries > 400*perKind {
				t.Fatalf("%s: only %d pairs", k.name, n)
			}
			a, b, ok := k.make(w)
			if !ok {
				continue
			}
			out = append(out, pair{k.name, k.same, a.patient(t), b.patient(t)})
			n++
		}
	}
	return out
}

// tally counts per kind how many pairs a matcher called certain.
type tally struct {
	kinds []string
	same  map[string]bool
	n     map[string]int
	hit   map[string]map[string]int // matcher -> kind -> certain
}

func (c *tally) add(p pair) {
	if c.n[p.kind] == 0 {
		c.kinds = append(c.kinds, p.kind)
	}
	c.n[p.kind]++
	c.same[p.kind] = p.same
}

func newTally() *tally {
	return &tally{same: map[string]bool{}, n: map[string]int{}, hit: map[string]map[string]int{}}
}

func (c *tally) count(matcher string, p pair, certain bool) {
	if c.hit[matcher] == nil {
		c.hit[matcher] = map[string]int{}
	}
	if certain {
		c.hit[matcher][p.kind]++
	}
}

// rates gives recall over the same and the share of false positives over the others.
func (c *tally) rates(matcher string) (recall, falsePositive float64, wrong int) {
	var same, other, found int
	for _, k := range c.kinds {
		if c.same[k] {
			same, found = same+c.n[k], found+c.hit[matcher][k]
		} else {
			other, wrong = other+c.n[k], wrong+c.hit[matcher][k]
		}
	}
	return float64(found) / float64(same), float64(wrong) / float64(other), wrong
}

func (c *tally) table(matchers ...string) string {
	var b strings.Builder
	total := 0
	fmt.Fprintf(&b, "%-28s %6s", "kind", "pairs")
	for _, m := range matchers {
		fmt.Fprintf(&b, " %10s", m)
	}
	b.WriteString("\n")
	for _, k := range c.kinds {
		label := k
		if !c.same[k] {
			label = "not: " + k
		}
		fmt.Fprintf(&b, "%-34s %4d", label, c.n[k])
		total += c.n[k]
		for _, m := range matchers {
			fmt.Fprintf(&b, " %10.4f", float64(c.hit[m][k])/float64(c.n[k]))
		}
		b.WriteString("\n")
	}
	for _, m := range matchers {
		recall, fp, wrong := c.rates(m)
		fmt.Fprintf(&b, "%s: recall %.4f, false positives %.5f (%d) over %d pairs\n", m, recall, fp, wrong, total)
	}
	return b.String()
}

// TestFigures is the report and its gates (issue 5): the table for the first
// reporting seed beside Medplum's rules, and one line for each of the others,
// with fewer pairs unless SHLKIOSK_MATCH_FULL is set (make bench-match).
// SHLKIOSK_MATCH_SEED names another seed, or "tuning" the first of those;
// SHLKIOSK_MATCH_REFERENCE names a Python that has the CMS reference engine.
func TestFigures(t *testing.T) {
	seeds, perKind := reportingSeeds, pairsPerKind
	if s := os.Getenv("SHLKIOSK_MATCH_SEED"); s == "tuning" {
		seeds = tuningSeeds[:1]
	} else if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		seeds = []uint64{n}
	}
	if testing.Short() {
		perKind = 60
	}
	report(t, seeds[0], perKind)
	others := fewPerKind
	if os.Getenv("SHLKIOSK_MATCH_FULL") != "" {
		others = pairsPerKind
	}
	var found, same float64
	for _, seed := range seeds[1:] {
		c := newTally()
		for _, p := range makePairs(t, seed, others) {
			c.add(p)
			v := Compare(p.a, p.b, testNow)
			c.count("ours", p, v.Grade == Certain)
			if v.Grade == Certain && !p.same {
				t.Errorf("seed %d: a pair of %s is certain by %s, %s", seed, p.kind, v.Rule, v.Objection)
			}
		}
		recall, _, wrong := c.rates("ours")
		t.Logf("seed %d: recall %.4f, false positives %d over %d pairs", seed, recall, wrong, len(c.kinds)*others)
		found, same = found+recall, same+1
		if others == pairsPerKind && recall < 0.97 {
			t.Errorf("seed %d: recall %.4f, want at least 0.97", seed, recall)
		}
	}
	if same > 0 && found/same < 0.97 {
		t.Errorf("recall %.4f over the other seeds, want at least 0.97", found/same)
	}
}

// report prints the table of one seed and holds it to the gates.
func report(t *testing.T, seed uint64, perKind int) {
	t.Helper()
	pairs := makePairs(t, seed, perKind)
	c := newTally()
	matchers := []string{"ours", "medplum"}
	for _, p := range pairs {
		c.add(p)
		v := Compare(p.a, p.b, testNow)
		c.count("ours", p, v.Grade == Certain)
		c.count("medplum", p, medplumCertain(p.a, p.b))
		if os.Getenv("SHLKIOSK_MATCH_SHOW") == p.kind && (v.Grade == Certain) != p.same {
			t.Logf("%s %s %s %s\n%s\n%s", p.kind, v.Grade, v.Rule, v.Objection, p.a.Raw(), p.b.Raw())
		}
	}
	if python := os.Getenv("SHLKIOSK_MATCH_REFERENCE"); python != "" {
		matchers = append(matchers, "reference")
		for i, certain := range reference(t, python, pairs) {
			c.count("reference", pairs[i], certain)
		}
	}
	t.Logf("seed %d\n%s", seed, c.table(matchers...))
	recall, fp, _ := c.rates("ours")
	if recall < 0.97 {
		t.Errorf("recall %.4f, want at least 0.97", recall)
	}
	if fp > 0.0002 {
		t.Errorf("false positives %.5f, want at most 0.0002", fp)
	}
	for _, k := range c.kinds {
		if n := c.hit["ours"][k]; !c.same[k] && n > 0 {
			t.Errorf("%d of %d pairs of %s are certain, want 0", n, c.n[k], k)
		}
	}
}

func TestSeedsAreDisjoint(t *testing.T) {
	for _, s := range reportingSeeds {
		if slices.Contains(tuningSeeds, s) {
			t.Errorf("seed %d was tuned on and is reported", s)
		}
	}
	if len(reportingSeeds) < 10 || reportingSeeds[0] != reportingSeed || tuningSeeds[0] != tuningSeed {
		t.Error("too few seeds, or others than the tests beside use")
	}
}

// reference runs the CMS reference engine over the pairs.
func reference(t *testing.T, python string, pairs []pair) []bool {
	t.Helper()
	var in bytes.Buffer
	for _, p := range pairs {
		line, err := json.Marshal(map[string]json.RawMessage{"a": p.a.Raw(), "b": p.b.Raw()})
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	cmd := exec.Command(python, filepath.Join("testdata", "reference.py"))
	cmd.Stdin = &in
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the reference engine did not run: %v", err)
	}
	var got []bool
	scan := bufio.NewScanner(bytes.NewReader(out))
	for scan.Scan() {
		if v, ok := strings.CutPrefix(scan.Text(), "# "); ok {
			t.Logf("reference engine %s", v)
			continue
		}
		got = append(got, scan.Text() == "1")
	}
	if len(got) != len(pairs) {
		t.Fatalf("the reference engine answered %d of %d pairs", len(got), len(pairs))
	}
	return got
}
