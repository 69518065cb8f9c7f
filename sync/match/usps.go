package match

import (
	"strings"
	"sync"
)

// suffixText holds the street suffixes that occur in daily life with the
// abbreviation of USPS Publication 28, appendix C1, first.
const suffixText = `aly alley allee ally
anx annex
arc arcade
ave av aven avenu avenue avn avnue
bch beach
bnd bend
blf bluff
blvd boul boulevard boulv bvd
br branch
brg bridge
brk brook
byp bypass
cp camp
cyn canyon
cpe cape
cswy causeway
ctr center centre cent cntr
cir circ circle circl crcl
clf cliff
clb club
cmn common
cmns commons
cor corner
crse course
ct court
cts courts
cv cove
crk creek
cres crescent crsent
xing crossing
dl dale
dm dam
dr drive driv drv
est estate
ests estates
expy expressway express expr
ext extension
fls falls
fry ferry
fld field
flds fields
flt flat
frd ford
frst forest
frk fork
frks forks
ft fort
fwy freeway
gdn garden
gdns gardens
gtwy gateway
gln glen
grn green
grv grove
hbr harbor
hvn haven
hts heights height
hwy highway highwy hiway
hl hill
hls hills
holw hollow
inlt inlet
is island
jct junction
ky key
knl knoll
knls knolls
lk lake
lks lakes
lndg landing
ln lane
lgt light
lf loaf
lck lock
ldg lodge
loop loops
mall
mnr manor
mdw meadow
mdws meadows
ml mill
mls mills
msn mission
mtwy motorway
mt mount
mtn mountain
nck neck
orch orchard
oval
park prk
pkwy parkway pky parkwy
pass
path
pike
pne pine
pnes pines
pl place
pln plain
plns plains
plz plaza
pt point
pts points
prt port
pr prairie
radl radial
rnch ranch
rpd rapid
rst rest
rdg ridge
riv river
rd road
rte route
row
rue
run
shr shore
shrs shores
skwy skyway
spg spring
spgs springs
spur
sq square
sta station
stra stravenue
strm stream
st street strt str
smt summit
ter terrace terr
trce trace
trak track
trl trail
tunl tunnel
tpke turnpike trnpk
un union
vly valley
via viaduct
vw view
vlg village
vl ville
vis vista
walk
way wy
wl well
wls wells`

// suffixes maps every spelling of a suffix to its abbreviation.
var suffixes = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(suffixText) {
		f := strings.Fields(line)
		for _, w := range f {
			m[w] = f[0]
		}
	}
	return m
})

func directional(w string) bool {
	switch w {
	case "n", "s", "e", "w", "ne", "nw", "se", "sw":
		return true
	}
	return false
}

// standard abbreviates suffixes, directionals and ordinals wherever they
// stand; both sides are treated alike, which is all that comparing needs. It
// is idempotent.
func standard(t []string) []string {
	out := make([]string, 0, len(t))
	for i, w := range t {
		switch w {
		case "north":
			w = "n"
		case "south":
			w = "s"
		case "east":
			w = "e"
		case "west":
			w = "w"
		case "northeast":
			w = "ne"
		case "northwest":
			w = "nw"
		case "southeast":
			w = "se"
		case "southwest":
			w = "sw"
		case "first":
			w = "1st"
		case "second":
			w = "2nd"
		case "third":
			w = "3rd"
		case "fourth":
			w = "4th"
		case "fifth":
			w = "5th"
		case "sixth":
			w = "6th"
		case "seventh":
			w = "7th"
		case "eighth":
			w = "8th"
		case "ninth":
			w = "9th"
		case "tenth":
			w = "10th"
		case "saint":
			w = "st"
		default:
			if s, ok := suffixes()[w]; ok && i > 0 {
				w = s
			}
		}
		out = append(out, w)
	}
	return out
}
