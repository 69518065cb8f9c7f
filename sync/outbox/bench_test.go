package outbox

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// percentiles reports p50 and p99 of single operations under a name.
func percentiles(b *testing.B, name string, took []time.Duration) {
	slices.Sort(took)
	at := func(p float64) float64 { return float64(took[int(p*float64(len(took)-1))].Microseconds()) / 1000 }
	b.ReportMetric(at(0.50), name+"p50-ms")
	b.ReportMetric(at(0.99), name+"p99-ms")
	b.ReportMetric(0, "ns/op") // the mean hides the tail
}

const benchBody = 60_000 // a patient summary of ordinary size

// Put, what the patient waits for, and in turn with it the bare cost of being
// durable on this disk: write and fdatasync of as many bytes. In turn, so that
// both meet the same load.
func BenchmarkPut(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "f"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	o := testOptions(b)
	o.Limits.Records, o.Limits.Bytes = 1<<30, 1<<50
	l := mustOpen(b, o)
	body := importBody("x")[:benchBody]
	var bare, took []time.Duration
	n := 0
	for b.Loop() {
		began := time.Now()
		if _, err := f.Write(body); err != nil {
			b.Fatal(err)
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
		bare = append(bare, time.Since(began))
		began = time.Now()
		n++
		if _, err := l.Put(context.Background(), Record{ID: importID(n), Body: body}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	percentiles(b, "bare-fsync-", bare)
	percentiles(b, "put-", took)
}

// One whole life: put, claim, journal, verified and shredded.
func BenchmarkLife(b *testing.B) {
	l := mustOpen(b, testOptions(b))
	body := importBody("x")[:benchBody]
	var took []time.Duration
	n := 0
	for b.Loop() {
		began := time.Now()
		n++
		id := mustPut(b, l, Record{ID: importID(n), Body: body})
		job, err := l.claim(id)
		if err != nil {
			b.Fatal(err)
		}
		if err := job.Save(body); err != nil {
			b.Fatal(err)
		}
		if _, err := l.settle(id, Outcome{State: Verified}, 0); err != nil {
			b.Fatal(err)
		}
		if err := l.Delete(id); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	percentiles(b, "", took)
}

// Ten thousand records of 20 kB: start, list, size of the file.
func BenchmarkTenThousand(b *testing.B) {
	const n, size = 10_000, 20_000
	o := testOptions(b)
	o.Limits.Records = 2 * n
	l := mustOpen(b, o)
	body := importBody("x")[:size]
	// All in one transaction: it is the reading that is measured.
	l.mu.Lock()
	err := l.writeLocked("fill", func(t *txn) error {
		for i := range n {
			t.sum.Seq++
			e := &entry{Header: Header{ID: ID(importID(i)), State: Queued, Lane: fmt.Sprint(i % 500), Seq: t.sum.Seq, Created: l.clock(), Code: "K7-42"}}
			if err := t.put(e, body, true); err != nil {
				return err
			}
		}
		return nil
	})
	l.mu.Unlock()
	if err != nil {
		b.Fatal(err)
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	var open, cpu, list time.Duration
	runs := 0
	for b.Loop() {
		runs++
		began, used := time.Now(), processor()
		l, err := Open(o)
		if err != nil {
			b.Fatal(err)
		}
		open += time.Since(began)
		cpu += processor() - used
		began = time.Now()
		hs, err := l.List(Filter{})
		if err != nil || len(hs) != n {
			b.Fatal(len(hs), err)
		}
		list += time.Since(began)
		_ = l.Close()
	}
	info, err := os.Stat(filepath.Join(o.Dir, fileLedger))
	if err != nil {
		b.Fatal(err)
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(runs) }
	b.ReportMetric(ms(open), "open-ms")
	b.ReportMetric(ms(cpu), "open-cpu-ms") // of this process: what other load does not change
	b.ReportMetric(ms(list), "list-ms")
	b.ReportMetric(float64(info.Size())/1e6, "file-MB")
	b.ReportMetric(0, "ns/op")
}
