package desk

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var day = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// fake is a Service that remembers what was asked of it.
type fake struct {
	mu    sync.Mutex
	calls []string
}

func (f *fake) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
}

func (f *fake) People(context.Context) ([]Person, error) { return []Person{{"anna", "Anna"}}, nil }

func (f *fake) Login(_ context.Context, id, pin string) (Session, error) {
	if pin != "271828" {
		return nil, &Error{Reason: "pin-wrong", Left: 4}
	}
	return &fakeSession{f, Person{id, "Anna"}}, nil
}

type fakeSession struct {
	f   *fake
	who Person
}

var theItem = Item{ID: "imp-1", Code: "K7-42", State: "parked", Reason: "no-match", Attempts: 2, Created: day, Updated: day, Next: day, Size: 12}

func (s *fakeSession) Who() Person { return s.who }
func (s *fakeSession) List(context.Context) ([]Item, error) {
	return []Item{theItem}, nil
}
func (s *fakeSession) Case(_ context.Context, id string) (Case, error) {
	if id != "imp-1" {
		return Case{}, &Error{Reason: "not-found"}
	}
	return Case{Item: theItem, Why: "several", Facts: []Fact{{"name", "Jane Roe"}},
		Candidates: []Candidate{{Reference: "Patient/1", Grade: "probable", Score: 0.8, Fields: []Field{{"name", "agree", "Jane Roe", "Jane Roe"}}}}}, nil
}
func (s *fakeSession) Preview(_ context.Context, id, chart string) (Preview, error) {
	s.f.note("preview %s %s", id, chart)
	return Preview{Chart: chart, Equal: "equal", Changes: []Change{{Type: "Condition", Title: "Asthma", State: "new"}}}, nil
}
func (s *fakeSession) Export(context.Context, string) (json.RawMessage, error) {
	return json.RawMessage(`{"import":"imp-1","n":1.00}`), nil
}
func (s *fakeSession) Retry(_ context.Context, id string) error { s.f.note("retry %s", id); return nil }
func (s *fakeSession) Park(_ context.Context, id string) error  { s.f.note("park %s", id); return nil }
func (s *fakeSession) Discard(_ context.Context, id string) error {
	s.f.note("discard %s", id)
	return nil
}
func (s *fakeSession) Resolve(_ context.Context, id string, r Resolution) error {
	s.f.note("resolve %s %+v", id, r)
	return nil
}
func (s *fakeSession) Accept(_ context.Context, id, p string, yes bool) error {
	s.f.note("accept %s %s %v", id, p, yes)
	return nil
}
func (s *fakeSession) Pause(_ context.Context, p bool) error { s.f.note("pause %v", p); return nil }
func (s *fakeSession) Diagnostics(context.Context) (Diagnostics, error) {
	return Diagnostics{}, errors.New("Jane Roe is in this text")
}
func (s *fakeSession) Logout(context.Context) error { s.f.note("logout %s", s.who.ID); return nil }

// machine is an identity with its list.
type machine struct {
	id    *Identity
	peers *Peers
}

func newMachine(t *testing.T) machine {
	t.Helper()
	dir := t.TempDir()
	id, err := EnsureIdentity(filepath.Join(dir, "identity.pem"), day)
	if err != nil {
		t.Fatal(err)
	}
	peers, err := OpenPeers(filepath.Join(dir, "peers.json"))
	if err != nil {
		t.Fatal(err)
	}
	return machine{id, peers}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

// enrolment runs the kiosk's side; codes gets each code shown.
func enrolment(t *testing.T, ctx context.Context, kiosk machine) (addr string, codes chan string, done chan error) {
	ln := listen(t)
	codes, done = make(chan string, 20), make(chan error, 1)
	e := Enrolment{Identity: kiosk.id, Peers: kiosk.peers, Now: func() time.Time { return day }, Show: func(c string) {
		if c != "" {
			codes <- c
		}
	}}
	go func() {
		_, err := e.Run(ctx, ln)
		done <- err
	}()
	return ln.Addr().String(), codes, done
}

func reason(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return fmt.Sprint(err)
}

func TestEnrol(t *testing.T) {
	kiosk, desk := newMachine(t), newMachine(t)
	ctx := context.Background()
	addr, codes, done := enrolment(t, ctx, kiosk)
	code := <-codes
	if len(code) != codeDigits {
		t.Errorf("code %q", code)
	}
	// Strangers who say nothing sensible do not end it.
	if c, err := net.Dial("tcp", addr); err == nil {
		fmt.Fprintf(c, "GET / HTTP/1.0\r\n\r\n")
		_ = c.Close()
	}
	peer, err := Enrol(ctx, desk.id, desk.peers, addr, "Front desk\x07 2", code, day)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if peer.Fingerprint != kiosk.id.Fingerprint() {
		t.Error("the desk knows another kiosk")
	}
	got, ok := kiosk.peers.Find(desk.id.Fingerprint())
	if !ok || got.Name != "Front desk 2" || !got.Enrolled.Equal(day) {
		t.Errorf("the kiosk's list: %+v", got)
	}
	again, err := OpenPeers(desk.peers.path)
	if err != nil || !reflect.DeepEqual(again.All(), desk.peers.All()) {
		t.Error("the list does not survive", err)
	}
}

// Each wrong code is burned, and after three it is over.
func TestEnrolWrongCodes(t *testing.T) {
	kiosk, desk := newMachine(t), newMachine(t)
	ctx := context.Background()
	addr, codes, done := enrolment(t, ctx, kiosk)
	seen := map[string]bool{}
	for range maxCodes {
		code := <-codes
		if seen[code] {
			t.Error("a code was shown twice")
		}
		seen[code] = true
		wrong := "0" + code[1:]
		if wrong == code {
			wrong = "1" + code[1:]
		}
		if _, err := Enrol(ctx, desk.id, desk.peers, addr, "x", wrong, day); reason(err) != "enrol-refused" {
			t.Error(err)
		}
	}
	if err := <-done; reason(err) != "enrol-refused" {
		t.Error(err)
	}
	if len(kiosk.peers.All())+len(desk.peers.All()) != 0 {
		t.Error("somebody was enrolled")
	}
	if _, err := Enrol(ctx, desk.id, desk.peers, addr, "x", "12345678", day); reason(err) != "unreachable" {
		t.Errorf("it still listens: %v", err)
	}
}

// Someone in the middle, who passes every message on between two connections of
// their own, enrols nobody: each side sees another certificate.
func TestEnrolInTheMiddle(t *testing.T) {
	kiosk, desk, mallory := newMachine(t), newMachine(t), newMachine(t)
	ctx := context.Background()
	addr, codes, done := enrolment(t, ctx, kiosk)
	front := listen(t)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for {
			in, err := front.Accept()
			if err != nil {
				return
			}
			any := func(Fingerprint) error { return nil }
			a := tls.Server(in, tlsConfig(mallory.id, enrolProto, any))
			b, err := tls.Dial("tcp", addr, tlsConfig(mallory.id, enrolProto, any))
			if err != nil {
				_ = a.Close()
				continue
			}
			var both sync.WaitGroup
			both.Go(func() { _, _ = io.Copy(a, b); _ = a.Close() })
			both.Go(func() { _, _ = io.Copy(b, a); _ = b.Close() })
			both.Wait()
		}
	})
	for range maxCodes {
		if _, err := Enrol(ctx, desk.id, desk.peers, front.Addr().String(), "x", <-codes, day); err == nil {
			t.Error("enrolled through the middle")
		}
	}
	if err := <-done; reason(err) != "enrol-refused" {
		t.Error(err)
	}
	_ = front.Close()
	if len(kiosk.peers.All())+len(desk.peers.All()) != 0 {
		t.Error("somebody was enrolled")
	}
}

// A whole recorded run gives no way to test codes before both have opened: the
// commitment alone is the same to anyone for both bits.
func TestCommitmentHidesTheBit(t *testing.T) {
	p := proof{code: "12345678"}
	_, c1 := p.commit("desk", 0)
	_, c2 := p.commit("desk", 0)
	if string(c1) == string(c2) {
		t.Error("the same bit gives the same commitment")
	}
	n, c := p.commit("desk", 3)
	other := proof{code: "12345678", desk: Fingerprint{1}}
	if !p.check("desk", 3, c, n) || p.check("kiosk", 3, c, n) || p.check("desk", 4, c, n) || other.check("desk", 3, c, n) || p.check("desk", 3, c, n[:31]) {
		t.Error("a commitment opens as something else")
	}
	if (proof{code: "x"}).check("desk", 3, c, n) {
		t.Error("no code opens it")
	}
}

func TestEnrolEndsWithItsContext(t *testing.T) {
	kiosk := newMachine(t)
	ctx, cancel := context.WithCancel(context.Background())
	_, codes, done := enrolment(t, ctx, kiosk)
	<-codes
	cancel()
	if err := <-done; reason(err) != "enrol-expired" {
		t.Error(err)
	}
}

// connected is a kiosk that serves f and a desk that is enrolled there.
func connected(t *testing.T, f Service, now func() time.Time) (kiosk, desk machine, _ *Client) {
	t.Helper()
	kiosk, desk = newMachine(t), newMachine(t)
	ln := listen(t)
	if err := kiosk.peers.Add(Peer{Name: "desk", Fingerprint: desk.id.Fingerprint()}); err != nil {
		t.Fatal(err)
	}
	s := &Server{Service: f, Identity: kiosk.id, Peers: kiosk.peers, Now: now}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	c := NewClient(desk.id, Peer{Address: ln.Addr().String(), Fingerprint: kiosk.id.Fingerprint()})
	t.Cleanup(func() {
		c.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error("Serve:", err)
		}
	})
	return kiosk, desk, c
}

// The same questions get the same answers here and over the network.
func TestClientIsTheService(t *testing.T) {
	local, far := &fake{}, &fake{}
	_, _, c := connected(t, far, nil)
	type results struct {
		People  []Person
		Who     Person
		Items   []Item
		Case    Case
		Preview Preview
		JSON    string
		Errs    []string
	}
	ask := func(s Service) (r results) {
		ctx := context.Background()
		check := func(err error) { r.Errs = append(r.Errs, reason(err)) }
		var err error
		r.People, err = s.People(ctx)
		check(err)
		_, err = s.Login(ctx, "anna", "000000")
		check(err)
		var e *Error
		if !errors.As(err, &e) || e.Left != 4 {
			t.Errorf("tries left are lost: %v", err)
		}
		x, err := s.Login(ctx, "anna", "271828")
		if err != nil {
			t.Fatal(err)
		}
		r.Who = x.Who()
		r.Items, err = x.List(ctx)
		check(err)
		r.Case, err = x.Case(ctx, "imp-1")
		check(err)
		_, err = x.Case(ctx, "../../v1/people")
		check(err)
		r.Preview, err = x.Preview(ctx, "imp-1", "Patient/1")
		check(err)
		raw, err := x.Export(ctx, "imp-1")
		r.JSON = strings.TrimSpace(string(raw))
		check(err)
		for _, err := range []error{x.Retry(ctx, "imp-1"), x.Park(ctx, "imp-1"), x.Discard(ctx, "imp-1"),
			x.Resolve(ctx, "imp-1", Resolution{Chart: "Patient/1"}), x.Resolve(ctx, "imp-1", Resolution{New: true}), x.Accept(ctx, "imp-1", "a/b?c", true),
			x.Pause(ctx, true), x.Pause(ctx, false), x.Logout(ctx)} {
			check(err)
		}
		return r
	}
	a, b := ask(local), ask(c)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("here  %#v\nthere %#v", a, b)
	}
	if !reflect.DeepEqual(local.calls, far.calls) || len(far.calls) != 10 {
		t.Errorf("here %q\nthere %q", local.calls, far.calls)
	}
}

func TestSessionsEnd(t *testing.T) {
	now := day
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	pass := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
	f := &fake{}
	kiosk, desk, c := connected(t, f, clock)
	ctx := context.Background()
	login := func() Session {
		x, err := c.Login(ctx, "anna", "271828")
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	x := login()
	pass(IdleLimit - time.Second)
	if _, err := x.List(ctx); err != nil {
		t.Error(err)
	}
	pass(IdleLimit - time.Second)
	if _, err := x.List(ctx); err != nil {
		t.Error("use does not extend it:", err)
	}
	pass(IdleLimit)
	if _, err := x.List(ctx); reason(err) != "session-ended" {
		t.Error("idle:", err)
	}
	x = login()
	if err := x.Logout(ctx); err != nil {
		t.Error(err)
	}
	if _, err := x.List(ctx); reason(err) != "session-ended" {
		t.Error("after logout:", err)
	}
	x = login()
	_, err := x.Diagnostics(ctx)
	if reason(err) != "internal" || strings.Contains(err.Error(), "Roe") {
		t.Errorf("an unknown error's text crossed the network: %v", err)
	}
	// Taking the machine off the list ends its sessions, though it is connected.
	if err := kiosk.peers.Remove(desk.id.Fingerprint()); err != nil {
		t.Fatal(err)
	}
	if _, err := x.List(ctx); reason(err) != "session-ended" {
		t.Error("removed machine:", err)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	kiosk, _, c := connected(t, &fake{}, nil)
	ctx := context.Background()
	address := strings.TrimPrefix(c.base, "https://")
	stranger := newMachine(t)
	sc := NewClient(stranger.id, Peer{Address: address, Fingerprint: kiosk.id.Fingerprint()})
	defer sc.Close()
	if _, err := sc.People(ctx); reason(err) != "unreachable" {
		t.Errorf("a machine that was not enrolled: %v", err)
	}
	// And a desk that meets another kiosk at the address says nothing to it.
	wrong := NewClient(stranger.id, Peer{Address: address, Fingerprint: Fingerprint{1}})
	defer wrong.Close()
	if _, err := wrong.Login(ctx, "anna", "271828"); reason(err) != "not-enrolled" {
		t.Errorf("another kiosk: %v", err)
	}
	// Without a certificate, and with TLS 1.2.
	for name, cfg := range map[string]*tls.Config{
		"no certificate": {InsecureSkipVerify: true, NextProtos: []string{serveProto}},
		"TLS 1.2":        {InsecureSkipVerify: true, NextProtos: []string{serveProto}, MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{stranger.id.cert}},
	} {
		conn, err := tls.Dial("tcp", address, cfg)
		if err != nil {
			continue
		}
		_, _ = fmt.Fprintf(conn, "GET /v1/people HTTP/1.1\r\nHost: x\r\n\r\n")
		if b, _ := io.ReadAll(conn); len(b) > 0 {
			t.Errorf("%s: answered %q", name, b)
		}
		_ = conn.Close()
	}
}

func TestIdentityFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "id.pem")
	a, err := EnsureIdentity(path, day)
	if err != nil {
		t.Fatal(err)
	}
	b, err := EnsureIdentity(path, day)
	if err != nil || a.Fingerprint() != b.Fingerprint() {
		t.Error("not the same identity", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := EnsureIdentity(path, day); reason(err) != "identity" {
		t.Error("readable by others:", err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := EnsureIdentity(path, day); reason(err) != "identity" {
		t.Error("damaged:", err)
	}
}

func TestShownDoesNotPrint(t *testing.T) {
	c := Case{Facts: []Fact{{"name", "Jane Roe"}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if s := fmt.Sprintf(verb, c); strings.Contains(s, "Jane") || strings.Contains(s, "4a616e65") {
			t.Errorf("%s prints it", verb)
		}
	}
	if b, _ := json.Marshal(c); !strings.Contains(string(b), "Jane Roe") {
		t.Error("the desk does not get it")
	}
}
