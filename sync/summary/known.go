package summary

// known names well-known codes that senders write without a display. English:
// the words of a record are not translated, and neither are these. CVX names
// are shortened from the CDC's code set (public domain); LOINC vital signs
// from the FHIR R4 vital signs profile.
func known(system, code string) string {
	switch system {
	case systemCVX:
		return cvxNames[code]
	case systemLOINC:
		return loincNames[code]
	case systemSNOMED:
		return snomedNames[code]
	case systemAbsent:
		return absentNames[code]
	case "http://terminology.hl7.org/CodeSystem/coverage-class",
		"http://hl7.org/fhir/us/insurance-card/CodeSystem/C4DICExtendedCoverageClassCS":
		return classNames[code]
	}
	return ""
}

var cvxNames = map[string]string{
	"01": "DTP vaccine", "02": "Polio vaccine (oral)", "03": "MMR vaccine", "04": "Measles and rubella vaccine",
	"05": "Measles vaccine", "06": "Rubella vaccine", "07": "Mumps vaccine", "08": "Hepatitis B vaccine (child)",
	"09": "Td vaccine", "10": "Polio vaccine (injected)", "17": "Hib vaccine", "18": "Rabies vaccine",
	"19": "BCG vaccine", "20": "DTaP vaccine", "21": "Chickenpox vaccine", "22": "DTP and Hib vaccine",
	"25": "Typhoid vaccine (oral)", "28": "DT vaccine (child)", "32": "Meningococcal vaccine (MPSV4)",
	"33": "Pneumococcal vaccine (PPSV23)", "35": "Tetanus vaccine", "37": "Yellow fever vaccine",
	"39": "Japanese encephalitis vaccine", "43": "Hepatitis B vaccine (adult)", "44": "Hepatitis B vaccine (dialysis)",
	"45": "Hepatitis B vaccine", "47": "Hib vaccine", "48": "Hib vaccine", "49": "Hib vaccine",
	"50": "DTaP and Hib vaccine", "51": "Hib and hepatitis B vaccine", "52": "Hepatitis A vaccine (adult)",
	"62": "HPV vaccine (4-valent)", "75": "Smallpox vaccine", "83": "Hepatitis A vaccine (child)",
	"85": "Hepatitis A vaccine", "88": "Flu vaccine", "89": "Polio vaccine", "94": "MMR and chickenpox vaccine",
	"100": "Pneumococcal vaccine (PCV7)", "101": "Typhoid vaccine (injected)", "104": "Hepatitis A and B vaccine",
	"106": "DTaP vaccine", "107": "DTaP vaccine", "108": "Meningococcal vaccine", "109": "Pneumococcal vaccine",
	"110": "DTaP, hepatitis B and polio vaccine", "111": "Flu vaccine (nasal)", "113": "Td vaccine",
	"114": "Meningococcal vaccine (MenACWY)", "115": "Tdap vaccine", "116": "Rotavirus vaccine",
	"118": "HPV vaccine (2-valent)", "119": "Rotavirus vaccine", "120": "DTaP, Hib and polio vaccine",
	"121": "Shingles vaccine", "122": "Rotavirus vaccine", "130": "DTaP and polio vaccine",
	"133": "Pneumococcal vaccine (PCV13)", "134": "Japanese encephalitis vaccine", "135": "Flu vaccine (high dose)",
	"136": "Meningococcal vaccine (MenACWY)", "137": "HPV vaccine", "138": "Td vaccine", "139": "Td vaccine",
	"140": "Flu vaccine", "141": "Flu vaccine", "144": "Flu vaccine", "146": "DTaP, polio, Hib and hepatitis B vaccine",
	"149": "Flu vaccine (nasal)", "150": "Flu vaccine", "152": "Pneumococcal vaccine", "153": "Flu vaccine",
	"155": "Flu vaccine", "158": "Flu vaccine", "161": "Flu vaccine", "162": "Meningococcal B vaccine",
	"163": "Meningococcal B vaccine", "164": "Meningococcal B vaccine", "165": "HPV vaccine (9-valent)",
	"166": "Flu vaccine", "168": "Flu vaccine", "171": "Flu vaccine", "185": "Flu vaccine", "186": "Flu vaccine",
	"187": "Shingles vaccine", "188": "Shingles vaccine", "189": "Hepatitis B vaccine (adult)", "196": "Td vaccine",
	"197": "Flu vaccine (high dose)", "203": "Meningococcal vaccine (MenACWY)", "205": "Flu vaccine",
	"206": "Smallpox and mpox vaccine", "207": "COVID-19 vaccine (Moderna)", "208": "COVID-19 vaccine (Pfizer)",
	"210": "COVID-19 vaccine (AstraZeneca)", "211": "COVID-19 vaccine (Novavax)", "212": "COVID-19 vaccine (Janssen)",
	"213": "COVID-19 vaccine", "215": "Pneumococcal vaccine (PCV15)", "216": "Pneumococcal vaccine (PCV20)",
	"217": "COVID-19 vaccine (Pfizer)", "218": "COVID-19 vaccine (Pfizer, child)", "219": "COVID-19 vaccine (Pfizer, child)",
	"221": "COVID-19 vaccine (Moderna)", "227": "COVID-19 vaccine (Moderna, child)",
	"228": "COVID-19 vaccine (Moderna, child)", "229": "COVID-19 vaccine (Moderna, 2-valent)",
	"230": "COVID-19 vaccine (Moderna, 2-valent)", "300": "COVID-19 vaccine (Pfizer, 2-valent)",
	"301": "COVID-19 vaccine (Pfizer, child, 2-valent)", "302": "COVID-19 vaccine (Pfizer, child, 2-valent)",
	"303": "RSV vaccine", "304": "RSV vaccine", "305": "RSV vaccine", "306": "RSV antibody", "307": "RSV antibody",
	"308": "COVID-19 vaccine (Pfizer, child)", "309": "COVID-19 vaccine (Pfizer)", "310": "COVID-19 vaccine (Pfizer, child)",
	"311": "COVID-19 vaccine (Moderna, child)", "312": "COVID-19 vaccine (Moderna)", "313": "COVID-19 vaccine (Novavax)",
	"326": "RSV vaccine",
}

var loincNames = map[string]string{
	"85354-9": "Blood pressure", "8480-6": "Systolic blood pressure", "8462-4": "Diastolic blood pressure",
	"8867-4": "Heart rate", "9279-1": "Breathing rate", "8310-5": "Body temperature", "8302-2": "Height",
	"29463-7": "Weight", "39156-5": "Body mass index", "59408-5": "Oxygen saturation", "2708-6": "Oxygen saturation",
	"9843-4": "Head circumference", "8289-1": "Head circumference percentile", "72166-2": "Smoking status",
	"4548-4": "Hemoglobin A1c", "2093-3": "Total cholesterol", "2085-9": "HDL cholesterol", "13457-7": "LDL cholesterol",
	"2571-8": "Triglycerides", "2345-7": "Glucose", "718-7": "Hemoglobin", "2160-0": "Creatinine",
	"33914-3": "Kidney function (eGFR)", "60591-5": "Patient summary", "51855-5": "Patient note",
}

var classNames = map[string]string{
	"group": "Group", "subgroup": "Subgroup", "plan": "Plan", "subplan": "Subplan", "class": "Class", "subclass": "Subclass",
	"sequence": "Sequence", "rxbin": "RxBIN", "rxpcn": "RxPCN", "rxid": "RxID", "rxgroup": "RxGroup", "division": "Division",
	"network": "Network",
}

var snomedNames = map[string]string{
	"716186003": "No known allergy", "409137002": "No known drug allergy", "428607008": "No known environmental allergy",
	"429625007": "No known food allergy", "160244002": "No known allergies", "787481004": "No known problems",
	"160245001": "No current problems", "787482006": "Not on medication",
}

var absentNames = map[string]string{
	"no-allergy-info": "No information about allergies", "no-known-allergies": "No known allergies",
	"no-known-food-allergies":          "No known food allergies",
	"no-known-medication-allergies":    "No known medication allergies",
	"no-known-environmental-allergies": "No known environmental allergies",
	"no-medication-info":               "No information about medications",
	"no-known-medications":             "No known medications",
	"no-problem-info":                  "No information about problems",
	"no-known-problems":                "No known problems",
	"no-procedure-info":                "No information about procedures",
	"no-known-procedures":              "No known procedures",
	"no-immunization-info":             "No information about immunizations",
	"no-known-immunizations":           "No known immunizations",
	"no-device-info":                   "No information about devices",
	"no-known-devices":                 "No known devices",
}

// absence tells that a code says "there is none" or "nothing is known".
func absence(system, code string) bool {
	if system == systemSNOMED {
		_, ok := snomedNames[code]
		return ok
	}
	return system == systemAbsent
}

// semanticTags are the words in brackets that end a SNOMED CT fully specified
// name: "Menopausal flushing (finding)". They tell terminologists apart what
// a patient does not confuse.
var semanticTags = []string{"finding", "disorder", "procedure", "substance", "product", "medicinal product", "medicinal product form",
	"clinical drug", "situation", "observable entity", "regime/therapy", "physical object", "event", "qualifier value",
	"body structure", "morphologic abnormality", "organism", "specimen", "person", "record artifact", "environment", "occupation"}
