// Package desk lets the front desk work with the kiosk's queue: on the kiosk
// itself, or on another machine of the clinic.
//
// # The promise
//
// Nothing listens by default. When the clinic switches the desk connection on,
// kiosk and desk speak TLS 1.3 only, each with a certificate of its own that the
// other knows by its fingerprint; a machine that was not enrolled is refused
// during the handshake. On top of that each person logs in with their own PIN,
// a session ends after two minutes without use, and what was done is audited
// under the person, not the machine.
//
// # Enrolment
//
// A member of staff, logged in at the kiosk, opens enrolment: the kiosk listens
// for five minutes and shows a code of eight digits. Whoever sits at the desk
// types it. Both machines then know each other's certificate.
//
// The code is short, so it must not be possible to try codes against something
// one has recorded: a plain MAC of the fingerprints under the code could be
// searched through in a second, in time to answer as the other side. Instead the
// code is proved bit by bit, as in Bluetooth's passkey entry, which is MANA III
// of Gehrmann, Mitchell and Nyberg (2004) repeated. In each of the 27 rounds
// both sides first commit to
//
//	HMAC-SHA-256(nonce, label ‖ round ‖ both fingerprints ‖ bit)
//
// under a fresh nonce of 32 bytes, and only then open: the desk first, then the
// kiosk. The fingerprints are those each side sees on this very TLS connection,
// so someone in the middle, who shows each side another certificate, can pass
// nothing on, and must commit to a bit before learning it. One wrong bit ends
// the run and burns the code. The kiosk gives out at most three codes per
// enrolment.
//
// An attacker who may play both sides at once fools one of them with
// probability at most (27+1)·2⁻²⁷ < 2⁻²² per code: with probability 2⁻ⁱ the first
// wrong guess towards one side is in round i, which has taught them i bits, and
// the remaining ones must be guessed towards the other. Recording a run shows
// the code, which by then is of no use: it is never used again.
//
// # The limits
//
// Who looks over the shoulder at the kiosk and is in the clinic's network may
// enrol in the desk's place; the desk then fails to, and the kiosk's list shows
// one machine more than expected. Whoever can read a machine's identity file is
// that machine.
package desk

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"time"
)

const (
	codeDigits = 8
	codeBits   = 27 // 2^27 > 10^8
	maxCodes   = 3
	enrolFor   = 5 * time.Minute
	runFor     = 20 * time.Second // one run, 54 small messages
	enrolProto = "shlkiosk-enrol/1"
	maxName    = 40
)

// Enrolment is the kiosk's side, while it is open.
type Enrolment struct {
	Identity *Identity
	Peers    *Peers
	Now      func() time.Time // default time.Now
	// Show is called with each code that is to be shown on the kiosk's screen,
	// and with "" when none is valid any more.
	Show func(code string)
}

// Run accepts one desk on the listener and returns it, or fails when five
// minutes are over, three codes are used up or ctx ends. It closes the listener.
func (e Enrolment) Run(ctx context.Context, ln net.Listener) (Peer, error) {
	if e.Now == nil {
		e.Now = time.Now
	}
	ctx, cancel := context.WithTimeout(ctx, enrolFor)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = ln.Close() })()
	defer ln.Close()
	defer e.Show("")
	for range maxCodes {
		code, err := newCode()
		if err != nil {
			return Peer{}, err
		}
		e.Show(code)
		peer, err := e.once(ctx, ln, code)
		if err == nil {
			return peer, e.Peers.Add(peer)
		}
		if ctx.Err() != nil {
			return Peer{}, &Error{Reason: "enrol-expired", Err: ctx.Err()}
		}
		e.Show("")
	}
	return Peer{}, &Error{Reason: "enrol-refused", Err: fmt.Errorf("%d codes were not proved", maxCodes)}
}

// once waits for a desk that begins a run, and finishes it. A connection that
// says nothing sensible before the first commitment does not burn the code: a
// port scanner must not be able to end an enrolment.
func (e Enrolment) once(ctx context.Context, ln net.Listener, code string) (Peer, error) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return Peer{}, err
		}
		peer, begun, err := e.serve(ctx, conn, code)
		if err == nil || begun {
			return peer, err
		}
	}
}

func (e Enrolment) serve(ctx context.Context, conn net.Conn, code string) (peer Peer, begun bool, err error) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_ = conn.SetDeadline(time.Now().Add(runFor))
	t := tls.Server(conn, tlsConfig(e.Identity, enrolProto, func(Fingerprint) error { return nil }))
	if err := t.HandshakeContext(ctx); err != nil {
		return Peer{}, false, err
	}
	desk := sha256.Sum256(t.ConnectionState().PeerCertificates[0].Raw)
	w := newWire(t)
	var hello message
	if err := w.read(&hello); err != nil || hello.Name == "" || len(hello.Name) > maxName {
		return Peer{}, false, errors.New("no greeting")
	}
	p := proof{code: code, kiosk: e.Identity.Fingerprint(), desk: desk}
	if err := p.asKiosk(w, func() { begun = true }); err != nil {
		return Peer{}, begun, &Error{Reason: "enrol-refused", Err: err}
	}
	if err := w.write(message{Done: true}); err != nil {
		return Peer{}, true, err
	}
	return Peer{Name: printable(hello.Name), Fingerprint: desk, Enrolled: e.Now().UTC().Truncate(time.Second)}, true, nil
}

// Enrol is the desk's side: it connects to a kiosk that shows a code, proves the
// code, and adds the kiosk to the list. name is what the kiosk's list will call
// this desk.
func Enrol(ctx context.Context, id *Identity, peers *Peers, address, name, code string, now time.Time) (Peer, error) {
	refused := func(err error) (Peer, error) { return Peer{}, &Error{Reason: "enrol-refused", Err: err} }
	if len(code) != codeDigits {
		return refused(fmt.Errorf("the code has %d digits", codeDigits))
	}
	ctx, cancel := context.WithTimeout(ctx, runFor)
	defer cancel()
	var kiosk Fingerprint
	d := tls.Dialer{Config: tlsConfig(id, enrolProto, func(f Fingerprint) error { kiosk = f; return nil })}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return Peer{}, &Error{Reason: "unreachable", Err: err}
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	w := newWire(conn)
	if err := w.write(message{Name: printable(name)}); err != nil {
		return refused(err)
	}
	p := proof{code: code, kiosk: kiosk, desk: id.Fingerprint()}
	if err := p.asDesk(w); err != nil {
		return refused(err)
	}
	var done message
	if err := w.read(&done); err != nil || !done.Done {
		return refused(errors.New("the kiosk did not finish"))
	}
	peer := Peer{Name: address, Address: address, Fingerprint: kiosk, Enrolled: now.UTC().Truncate(time.Second)}
	return peer, peers.Add(peer)
}

// message is everything that is said during enrolment.
type message struct {
	Name   string `json:"name,omitempty"`
	Commit []byte `json:"commit,omitempty"`
	Open   []byte `json:"open,omitempty"`
	Done   bool   `json:"done,omitempty"`
}

type wire struct {
	enc *json.Encoder
	dec *json.Decoder
}

func newWire(rw io.ReadWriter) wire {
	return wire{json.NewEncoder(rw), json.NewDecoder(io.LimitReader(rw, 64<<10))}
}

func (w wire) write(m message) error { return w.enc.Encode(m) }

func (w wire) read(m *message) error {
	*m = message{}
	return w.dec.Decode(m)
}

// proof is one run over one connection.
type proof struct {
	code        string
	kiosk, desk Fingerprint
}

var errCode = errors.New("the code does not fit this connection")

// asDesk opens first in each round; asKiosk second.
func (p proof) asDesk(w wire) error {
	for round := range codeBits {
		nonce, commit := p.commit("desk", round)
		if err := w.write(message{Commit: commit}); err != nil {
			return err
		}
		var theirs, open message
		if err := w.read(&theirs); err != nil {
			return err
		}
		if err := w.write(message{Open: nonce}); err != nil {
			return err
		}
		if err := w.read(&open); err != nil {
			return err
		}
		if !p.check("kiosk", round, theirs.Commit, open.Open) {
			return errCode
		}
	}
	return nil
}

func (p proof) asKiosk(w wire, begun func()) error {
	for round := range codeBits {
		var theirs, open message
		if err := w.read(&theirs); err != nil {
			return err
		}
		begun() // from the first commitment on, the code is used up
		nonce, commit := p.commit("kiosk", round)
		if err := w.write(message{Commit: commit}); err != nil {
			return err
		}
		if err := w.read(&open); err != nil {
			return err
		}
		if !p.check("desk", round, theirs.Commit, open.Open) {
			return errCode
		}
		if err := w.write(message{Open: nonce}); err != nil {
			return err
		}
	}
	return nil
}

const nonceSize = 32

func (p proof) commit(who string, round int) (nonce, commit []byte) {
	nonce = make([]byte, nonceSize)
	_, _ = rand.Read(nonce)
	return nonce, p.mac(nonce, who, round)
}

func (p proof) check(who string, round int, commit, nonce []byte) bool {
	return len(nonce) == nonceSize && hmac.Equal(commit, p.mac(nonce, who, round))
}

func (p proof) mac(nonce []byte, who string, round int) []byte {
	h := hmac.New(sha256.New, nonce)
	fmt.Fprintf(h, "%s\x00%s\x00%d\x00", enrolProto, who, round)
	h.Write(p.kiosk[:])
	h.Write(p.desk[:])
	h.Write([]byte{p.bit(round)})
	return h.Sum(nil)
}

func (p proof) bit(round int) byte {
	n, ok := new(big.Int).SetString(p.code, 10)
	if !ok {
		return 2 // not a number: never fits
	}
	return byte(n.Bit(round))
}

func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%0*d", codeDigits, n), nil
}

// printable keeps a name that came over the network to what a list can show.
func printable(s string) string {
	out := make([]rune, 0, maxName)
	for _, r := range s {
		if r >= ' ' && r < 0x7f && len(out) < maxName {
			out = append(out, r)
		}
	}
	return string(out)
}

// tlsConfig is TLS 1.3 with certificates on both sides that are judged by their
// fingerprint alone.
func tlsConfig(id *Identity, proto string, judge func(Fingerprint) error) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{id.cert},
		ClientAuth:   tls.RequireAnyClientCert,
		NextProtos:   []string{proto},
		// Chains and names mean nothing here; VerifyConnection below decides, and
		// it runs on resumed connections too.
		InsecureSkipVerify:     true,
		SessionTicketsDisabled: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 || s.NegotiatedProtocol != proto {
				return errors.New("no certificate, or another protocol")
			}
			return judge(sha256.Sum256(s.PeerCertificates[0].Raw))
		},
	}
}
