package match

import (
	"testing"

	"shlkiosk/sync/fhir"
)

// poolSize is the published set's: the one, and 39 others.
const poolSize = 40

// TestPools lets Decide choose among 40 charts: the person's, in half of the
// pools that person's household and namesakes, and strangers; in one pool of
// five the person is not there at all. Found counts a chart that was singled
// out, whether filed or, for a birth date that differs between record and
// chart, left to staff as the policy wants it.
func TestPools(t *testing.T) {
	pools := 400
	if testing.Short() {
		pools = 40
	}
	w := newWorld(t, reportingSeed+1)
	same := sameKinds()
	var there, found, wrong, filed int
	missed := map[string]int{}
	for n := range pools {
		k := same[n%len(same)]
		a, b, ok := k.make(w)
		if !ok {
			continue
		}
		present := w.chance(0.8)
		charts := []fhir.Resource{}
		if present {
			there++
			charts = append(charts, b.patient(t))
		}
		if w.chance(0.5) {
			for range 1 + w.IntN(3) {
				s := w.sibling(a)
				if w.chance(0.05) { // about three in a hundred people are twins
					s.DOB = a.DOB
				}
				charts = append(charts, s.patient(t))
			}
			namesake := w.elsewhere(w.person())
			namesake.Given, namesake.Last, namesake.Sex = a.Given, a.Last, a.Sex
			charts = append(charts, namesake.patient(t))
		}
		for len(charts) < poolSize {
			charts = append(charts, w.person().patient(t))
		}
		w.Shuffle(len(charts), func(i, j int) { charts[i], charts[j] = charts[j], charts[i] })
		d, err := Decide(t.Context(), all{charts}, a.patient(t), Typed{}, Policy{CreateNew: true, NoTyped: true}, testNow)
		if err != nil {
			t.Fatal(err)
		}
		single := d.Chart
		if d.Why == WhyTypedChart {
			single = d.Candidates[0].Reference
		}
		switch {
		case single == "":
			if present {
				missed[k.name+": "+d.Why+" "+d.Rule]++
			}
		case present && single == "Patient/"+b.ID:
			found++
			if d.Outcome == OutcomeCertain {
				filed++
			}
		default:
			wrong++
			t.Errorf("%s: %s by %s is somebody else", k.name, single, d.Rule)
		}
	}
	precision, recall := float64(found)/float64(found+wrong), float64(found)/float64(there)
	t.Logf("%d pools of %d: precision %.4f, recall %.4f, F1 %.4f; filed without staff %.4f", pools, poolSize, precision, recall,
		2*precision*recall/(precision+recall), float64(filed)/float64(there))
	t.Logf("not found: %v", missed)
	if !testing.Short() && recall < 0.95 {
		t.Errorf("recall %.4f, want at least 0.95", recall)
	}
}

func BenchmarkCompare(b *testing.B) {
	pairs := makePairs(b, tuningSeed, 2)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p := pairs[i%len(pairs)]
		Compare(p.a, p.b, testNow)
	}
}
