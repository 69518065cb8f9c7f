package outbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"shlkiosk/sync/vault"
)

// The fault tests kill real processes. The child is this test binary again,
// told by the environment what to do:
//
//	OUTBOX_CHILD   work | hold (until killed) | stubborn (puts again after an error) | rewrap | scribe (one thing after another)
//	OUTBOX_DIR     folder of ledger and key
//	OUTBOX_URL     counting server
//	OUTBOX_FROM    number of the first record to put
//	OUTBOX_PUTS    how many to put
//	OUTBOX_FAIL    name:n, kill yourself the n-th time this failpoint is passed
//	OUTBOX_DRAIN   1: end when nothing waits any more
//
// It prints "ready" and the milliseconds of processor time that the start took,
// and "ack ID" each time Put has returned nil.
func childMain() bool {
	mode := os.Getenv("OUTBOX_CHILD")
	if mode == "" {
		return false
	}
	if err := child(mode); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	return true
}

func childOptions(dir string) (Options, error) {
	v, err := vault.Open("file:" + dir + "/key")
	if err != nil {
		return Options{}, err
	}
	return Options{Dir: dir + "/ledger", Vault: v, Limits: Limits{Reserve: -1, Records: 1 << 20}, Fail: childFail()}, nil
}

func childFail() func(string) {
	name, n, ok := strings.Cut(os.Getenv("OUTBOX_FAIL"), ":")
	if !ok {
		return nil
	}
	left, _ := strconv.Atoi(n)
	return func(point string) {
		if point == name {
			if left--; left == 0 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
	}
}

func child(mode string) error {
	o, err := childOptions(os.Getenv("OUTBOX_DIR"))
	if err != nil {
		return err
	}
	l, err := Open(o)
	if err != nil {
		return err
	}
	for _, a := range l.Alarms() {
		fmt.Println("alarm", a.Code, a.Detail)
	}
	fmt.Println("ready", processor().Milliseconds())
	if mode == "hold" {
		time.Sleep(time.Hour)
		return l.Close()
	}
	switch mode {
	case "stubborn":
		return stubborn(l)
	case "scribe":
		return scribe(l)
	case "rewrap":
		_, err := l.Rewrap()
		return errors.Join(err, l.Close())
	}
	fail := o.Fail
	if fail == nil {
		fail = func(string) {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w := NewWorker(l, &httpDeliverer{url: os.Getenv("OUTBOX_URL"), fail: fail}, WorkerOptions{Concurrency: 2, Rate: 1e6, Keep: -1, Settle: -1})
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	from, _ := strconv.Atoi(os.Getenv("OUTBOX_FROM"))
	puts, _ := strconv.Atoi(os.Getenv("OUTBOX_PUTS"))
	for i := from; i < from+puts; i++ {
		id := importID(i)
		if _, err := l.Put(ctx, Record{ID: id, Lane: fmt.Sprint("lane", i%5), Code: "K7-42", Body: importBody(id)}); err != nil {
			return err
		}
		fmt.Println("ack", id)
	}
	if os.Getenv("OUTBOX_DRAIN") == "" {
		return <-done
	}
	for {
		changed := l.Changed()
		hs, err := l.List(Filter{})
		if err != nil {
			return err
		}
		if len(hs) == 0 {
			break
		}
		select {
		case <-changed:
		case err := <-done:
			return err
		case <-time.After(20 * time.Millisecond):
			w.Kick()
		}
	}
	cancel()
	return errors.Join(<-done, l.Close())
}

// processor is the processor time of this process so far.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// stubborn puts record after record. After the first refusal every later Put
// must be refused as well: a failed fsync is never tried again as a success.
func stubborn(l *Ledger) error {
	failed := 0
	for i := range 40 {
		id := importID(i)
		_, err := l.Put(context.Background(), Record{ID: id, Body: importBody(id)})
		switch {
		case err == nil && failed > 0:
			fmt.Println("relapse", id)
		case err == nil:
			fmt.Println("ack", id)
		case errors.Is(err, &Error{Reason: ReasonOutOfService}):
			failed++
		default:
			fmt.Println("other", err)
			failed++
		}
	}
	fmt.Println("refused", failed)
	return nil
}

// scribe leads records through their lives, one step after another, and says
// what is acknowledged. The power-cut test records its system calls.
func scribe(l *Ledger) error {
	for i := range 12 {
		id := mustID(i)
		if _, err := l.Put(context.Background(), Record{ID: string(id), Body: importBody(string(id))[:3000+700*i]}); err != nil {
			return err
		}
		fmt.Println("ack", id)
		if i%2 == 0 {
			continue
		}
		job, err := l.claim(id)
		if err != nil {
			return err
		}
		if err := job.Save(job.Body); err != nil {
			return err
		}
		if _, err := l.settle(id, Outcome{State: Parked, Reason: "r"}, 0); err != nil {
			return err
		}
		fmt.Println("parked", id)
		if i%4 == 3 {
			fmt.Println("deleting", id)
			if err := l.Delete(id); err != nil {
				return err
			}
			fmt.Println("deleted", id)
		}
	}
	return nil
}

func mustID(i int) ID { return ID(importID(i)) }

func importID(i int) string { return fmt.Sprintf("imp-%06d", i) }

// importBody is 60 kB that only belong to this import.
func importBody(id string) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < 60_000; i++ {
		sum := sha256.Sum256([]byte(id + strconv.Itoa(i)))
		b.Write(sum[:])
	}
	return b.Bytes()
}

// httpDeliverer does what the FHIR delivery does, in small: it looks before it
// sends again, notes in the body that it is about to send, sends, and checks.
type httpDeliverer struct {
	url  string
	fail func(string)
}

func (d *httpDeliverer) Deliver(ctx context.Context, job Job) Outcome {
	later := func(reason string, err error) Outcome { return Outcome{State: Queued, Reason: reason, Err: err} }
	body, _ := bytes.CutSuffix(job.Body, []byte("+sent"))
	if job.Unknown {
		there, err := d.exists(ctx, job.ID)
		if err != nil {
			return later("search-failed", err)
		}
		if there {
			return Outcome{State: Verified}
		}
	}
	if err := job.Save(append(bytes.Clone(body), "+sent"...)); err != nil {
		return later("journal", err)
	}
	d.fail("post.before")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+"/import?id="+string(job.ID), bytes.NewReader(body))
	if err != nil {
		return later("request", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return later("post-failed", err)
	}
	_ = res.Body.Close()
	d.fail("post.after")
	if res.StatusCode != http.StatusCreated {
		return Outcome{State: Queued, Reason: "server-" + strconv.Itoa(res.StatusCode), RetryAfter: RetryAfter(res.Header.Get("Retry-After"), time.Now())}
	}
	there, err := d.exists(ctx, job.ID)
	if err != nil || !there {
		return Outcome{State: Delivered, Reason: "verify-failed", Err: err}
	}
	return Outcome{State: Verified}
}

func (d *httpDeliverer) exists(ctx context.Context, id ID) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+"/import?id="+string(id), nil)
	if err != nil {
		return false, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
		return true, nil
	case http.StatusNotFound:
		return false, nil
	}
	return false, fmt.Errorf("status %d", res.StatusCode)
}

// process is a running child.
type process struct {
	cmd   *exec.Cmd
	out   io.ReadCloser
	lines chan string // closed at the end of its output
}

// start starts a child; prefix may put strace or unshare before it.
func start(t testing.TB, prefix []string, env ...string) *process {
	t.Helper()
	args := append(prefix, os.Args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "GOCOVERDIR="+os.TempDir())
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	if len(prefix) > 0 {
		cmd.Stderr = io.Discard
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, out: out, lines: make(chan string)}
	go func() {
		defer close(p.lines)
		buf := make([]byte, 0, 4096)
		chunk := make([]byte, 4096)
		for {
			n, err := out.Read(chunk)
			buf = append(buf, chunk[:n]...)
			for {
				i := bytes.IndexByte(buf, '\n')
				if i < 0 {
					break
				}
				p.lines <- string(buf[:i])
				buf = buf[i+1:]
			}
			if err != nil {
				return
			}
		}
	}()
	return p
}

// kill ends the child the hard way.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

// wait reads the rest of the output and takes the child's end.
func (p *process) wait(line func(string)) error {
	for s := range p.lines {
		line(s)
	}
	return p.cmd.Wait()
}
