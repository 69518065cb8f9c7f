package staff

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is what one guess costs. A PIN has few values, so a guess must be dear.
type Cost struct {
	Memory uint32 // KiB
	Time   uint32 // passes
	Lanes  uint8
}

// DefaultCost is the second recommended option of RFC 9106, 4: 64 MiB and three
// passes, with one lane because the kiosk's screen needs the other processors.
func DefaultCost() Cost { return Cost{Memory: 64 << 10, Time: 3, Lanes: 1} }

const (
	saltSize = 16 // RFC 9106, 3.1
	sumSize  = 32

	// MinPIN and MaxPIN are the lengths of a PIN in digits. Six digits with five
	// tries in five minutes: one guess in two million per hour and staff member.
	MinPIN, MaxPIN = 6, 12
)

// Hash makes the PHC string of a PIN, with DefaultCost:
//
//	$argon2id$v=19$m=65536,t=3,p=1$<salt>$<hash>
//
// It refuses a PIN that is too short or easily guessed (ReasonWeak).
func Hash(pin string) (string, error) { return HashWith(pin, DefaultCost()) }

// HashWith is Hash with a chosen cost.
func HashWith(pin string, c Cost) (string, error) {
	if err := strong(pin); err != nil {
		return "", err
	}
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt)
	return format(c, salt, derive(pin, salt, c)), nil
}

func derive(pin string, salt []byte, c Cost) []byte {
	return argon2.IDKey([]byte(pin), salt, c.Time, c.Memory, c.Lanes, sumSize)
}

func format(c Cost, salt, sum []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Lanes, b64(salt), b64(sum))
}

// matches tells whether the PIN belongs to the PHC string.
func matches(phc, pin string) (bool, error) {
	c, salt, sum, err := parse(phc)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(derive(pin, salt, c), sum) == 1, nil
}

// parse reads a PHC string. Costs are bounded: the string comes from a file.
func parse(phc string) (c Cost, salt, sum []byte, err error) {
	bad := &Error{Reason: ReasonBook, Err: fmt.Errorf("not an argon2id hash; make one with kioskctl pin")}
	f := strings.Split(phc, "$")
	if len(f) != 6 || f[0] != "" || f[1] != "argon2id" || f[2] != "v="+strconv.Itoa(argon2.Version) {
		return c, nil, nil, bad
	}
	if _, err := fmt.Sscanf(f[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Time, &c.Lanes); err != nil {
		return c, nil, nil, bad
	}
	if c.Memory < 8 || c.Memory > 1<<20 || c.Time < 1 || c.Time > 100 || c.Lanes < 1 {
		return c, nil, nil, bad
	}
	dec := base64.RawStdEncoding.Strict().DecodeString
	salt, err1 := dec(f[4])
	sum, err2 := dec(f[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(sum) != sumSize || format(c, salt, sum) != phc {
		return c, nil, nil, bad
	}
	return c, salt, sum, nil
}

// strong refuses PINs that are guessed within the tries one has.
func strong(pin string) error {
	weak := func(msg string) error { return &Error{Reason: ReasonWeak, Err: fmt.Errorf("%s", msg)} }
	if len(pin) < MinPIN || len(pin) > MaxPIN || strings.Trim(pin, "0123456789") != "" {
		return weak(fmt.Sprintf("a PIN has %d to %d digits", MinPIN, MaxPIN))
	}
	same, up, down := true, true, true
	for i := 1; i < len(pin); i++ {
		d := (int(pin[i]) - int(pin[i-1]) + 10) % 10
		same = same && d == 0
		up = up && d == 1
		down = down && d == 9
	}
	if same || up || down {
		return weak("all the same digit, or counting up or down, is guessed first")
	}
	for n := 1; n <= len(pin)/2; n++ {
		if len(pin)%n == 0 && n <= 3 && strings.Repeat(pin[:n], len(pin)/n) == pin {
			return weak("a short pattern that repeats is guessed first")
		}
	}
	return nil
}
