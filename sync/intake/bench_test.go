//go:build unix

package intake

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shlkiosk/sync/fhir"
	"shlkiosk/sync/sandbox"
)

// large is a record of n entries in the manner of a real export: the patient,
// practitioners, organisations, encounters, and results that name them.
func large(n int) []byte {
	list := []entry{patient("")}
	for i := range 10 {
		list = append(list, entry{urn(10 + i), fmt.Sprintf(`{"resourceType":"Practitioner","id":"pr%d","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"%010d"}],"name":[{"family":"Ray%d","given":["Kim"],"prefix":["Dr."]}]}`, i, i, i)})
	}
	for i := len(list); i < n; i++ {
		ref := func(at int) string { return `{"reference":"` + urn(at) + `"}` }
		day := time.Date(2015, 1, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * 3 * time.Hour).Format(time.RFC3339)
		common := fmt.Sprintf(`"id":"r%d","meta":{"versionId":"3","lastUpdated":"2024-01-01T00:00:00Z","profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-x"]},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Entry %d of the record, as the app prints it for people to read.</p></div>"}`, i, i)
		var body string
		switch i % 10 {
		case 0:
			body = fmt.Sprintf(`{"resourceType":"Encounter",%s,"status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":%s,"period":{"start":%q},"participant":[{"individual":%s}]}`, common, ref(1), day, ref(10+i/10%10))
		case 1:
			body = fmt.Sprintf(`{"resourceType":"Condition",%s,"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"%d","display":"A finding"}],"text":"A finding"},"subject":%s,"onsetDateTime":%q}`, common, 1000000+i, ref(1), day)
		default:
			body = fmt.Sprintf(`{"resourceType":"Observation",%s,"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"Laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"%d-4","display":"A laboratory test"}],"text":"A laboratory test"},"subject":%s,"effectiveDateTime":%q,"performer":[%s],"valueQuantity":{"value":%d.%02d,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"},"referenceRange":[{"low":{"value":1.00,"unit":"mg/dL"},"high":{"value":400.0,"unit":"mg/dL"}}]}`, common, 1000+i%200, ref(1), day, ref(10+i%10), i%300, i%100)
		}
		list = append(list, entry{urn(100 + i), body})
	}
	return bundle(list...)
}

func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{20, 600, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			src := large(n)
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				planned(b, src)
			}
		})
	}
}

func planned(b testing.TB, src []byte) int {
	env := envelope(src)
	p, err := newPlan(env, fhir.DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	if err := p.prepare(); err != nil {
		b.Fatal(err)
	}
	return len(p.items)
}

// byHand is what somebody would post who trusts the record: the same entries as
// one transaction, nothing looked up, nothing read back.
func byHand(t testing.TB, src []byte) []byte {
	p, err := newPlan(envelope(src), fhir.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.prepare(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	for i, it := range p.items {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"fullUrl":%q,"resource":%s,"request":{"method":"POST","url":%q}}`, it.key, it.base.Raw(), it.res.Type())
	}
	b.WriteString("]}")
	return b.Bytes()
}

// TestBenchImport prints the figures of `make bench-import` and holds them to
// the aims: 5,000 planned under 1 s and 150 MB, and an import in at most 1.3
// times what the server takes for the same transaction posted by hand. Two are
// posted by hand: the record's entries alone, and the very bytes that the
// import posts, which hold the original, Provenance, Consent and stamps too.
// Times are of server and kiosk together, in one process. It runs with
// INTAKE_BENCH=1, or with a list of sizes: INTAKE_BENCH=20,600.
func TestBenchImport(t *testing.T) {
	if os.Getenv("INTAKE_BENCH") == "" {
		t.Skip("set INTAKE_BENCH=1, or make bench-import")
	}
	fmt.Printf("%8s %9s %9s %8s %9s | %8s %8s %8s %8s %8s | %8s %8s %8s %8s %8s | %s\n", "entries", "bytes", "plan cpu", "peak MB", "requests",
		"hand ms", "same ms", "ours ms", "/hand", "/same", "hand cpu", "same cpu", "ours cpu", "/hand", "/same", "cpu of plan and reconcile, send, verify")
	sizes := []int{20, 600, 5000}
	if list := os.Getenv("INTAKE_BENCH"); list != "1" {
		sizes = nil
		for s := range strings.SplitSeq(list, ",") {
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Fatalf("INTAKE_BENCH=%s: want 1 or sizes", list)
			}
			sizes = append(sizes, n)
		}
	}
	for _, n := range sizes {
		src := large(n)
		peak := peakHeap(func() { planned(t, src) })
		began := cpu()
		planned(t, src)
		plan := cpu() - began
		var hand, same, ours meter
		var phase [3]meter
		var requests int64
		for range 5 {
			hand.add(postByHand(t, byHand(t, src)))

			w := newWorld(t, sandbox.Behaviour{})
			wire := &recorder{}
			client, err := fhir.New(fhir.Options{Base: w.FHIRBase(), Transport: wire})
			if err != nil {
				t.Fatal(err)
			}
			w.im.opt.Client = client
			env := envelope(src)
			var marks []span
			runtime.GC()
			start := now()
			r, err := w.im.Deliver(context.Background(), env, func(e *Envelope) error {
				if len(marks) == 0 || e.Journal.Phase == PhaseSent {
					marks = append(marks, start.until())
				}
				return nil
			})
			whole := start.until()
			if err != nil {
				t.Fatal(err)
			}
			ours.add(whole)
			phase[0].add(marks[0])
			phase[1].add(marks[1].less(marks[0]))
			phase[2].add(whole.less(marks[1]))
			wantVerified(t, r)
			if r.Count(ResultCreated) != n {
				t.Fatal(counts(r))
			}
			requests = client.Requests()
			_ = w.Close()
			same.add(postByHand(t, wire.transaction))
		}
		h, s, o := hand.median(), same.median(), ours.median()
		fmt.Printf("%8d %9d %9.1f %8.1f %9d | %8.1f %8.1f %8.1f %8.2f %8.2f | %8.1f %8.1f %8.1f %8.2f %8.2f | %.1f %.1f %.1f\n",
			n, len(src), ms(plan), float64(peak)/1e6, requests,
			ms(h.wall), ms(s.wall), ms(o.wall), ms(o.wall)/ms(h.wall), ms(o.wall)/ms(s.wall),
			ms(h.cpu), ms(s.cpu), ms(o.cpu), ms(o.cpu)/ms(h.cpu), ms(o.cpu)/ms(s.cpu),
			ms(phase[0].median().cpu), ms(phase[1].median().cpu), ms(phase[2].median().cpu))
		if n == 5000 && (plan > time.Second || peak > 150e6) {
			t.Errorf("planning 5,000: %v, %d MB", plan, peak/1e6)
		}
		if ratio := ms(o.wall) / ms(s.wall); n == 5000 && ratio > 1.3 {
			t.Logf("ratio %.2f is over the aim of 1.3", ratio)
		}
	}
}

// recorder keeps the transaction that the import posts.
type recorder struct{ transaction []byte }

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.Method == http.MethodPost && !strings.Contains(q.URL.Path, "$") {
		body, err := q.GetBody()
		if err != nil {
			return nil, err
		}
		sent, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		if bytes.Contains(sent[:min(100, len(sent))], []byte(`"type":"transaction"`)) {
			r.transaction = sent
		}
	}
	return http.DefaultTransport.RoundTrip(q)
}

// postByHand posts a transaction to a server of its own.
func postByHand(t testing.TB, body []byte) span {
	w := newWorld(t, sandbox.Behaviour{})
	defer w.Close()
	runtime.GC()
	start := now()
	resp, err := http.Post(w.FHIRBase(), fhir.MediaType, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Fatal(resp.Status)
	}
	return start.until()
}

// span is a stretch of work, or with now a point in it.
type span struct {
	began     time.Time
	wall, cpu time.Duration
}

func now() span { return span{began: time.Now(), cpu: cpu()} }

func (s span) until() span { return span{wall: time.Since(s.began), cpu: cpu() - s.cpu} }

func (s span) less(o span) span { return span{wall: s.wall - o.wall, cpu: s.cpu - o.cpu} }

// meter collects spans.
type meter struct{ wall, cpu []time.Duration }

func (m *meter) add(s span) {
	m.wall, m.cpu = append(m.wall, s.wall), append(m.cpu, s.cpu)
}

func (m *meter) median() span { return span{wall: median(m.wall), cpu: median(m.cpu)} }

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// cpu is the processor time of this process so far: what a busy machine does
// not stretch.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakHeap is how far the heap grew while f ran.
func peakHeap(f func()) uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	var peak atomic.Uint64
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapAlloc))
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	<-stopped
	return peak.Load() - min(before, peak.Load())
}

// BenchmarkImport is a whole import of 5,000 entries against the sandbox in
// the same process: server and importer together.
func BenchmarkImport(b *testing.B) {
	src := large(5000)
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, sandbox.Behaviour{})
		env := envelope(src)
		b.StartTimer()
		if _, err := w.im.Deliver(context.Background(), env, nil); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		_ = w.Close()
		b.StartTimer()
	}
}
