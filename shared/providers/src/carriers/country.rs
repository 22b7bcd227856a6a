//! Countries, as people write them, and which have no postcodes.

/// ISO 3166-1, two letters each.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH \
     CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR \
     GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV \
     LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN \
     PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV \
     TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Countries without postcodes, or where nobody uses them (Universal Postal Union, addressing systems).
const WITHOUT_POSTCODES: &str = "AE AG AO AW BF BI BJ BO BS BW BZ CD CF CG CI CK CM DJ DM ER FJ GA GD GH GM GN GQ GY HK JM KI KM KN KP LC ML MO MR MW NR NU PA \
     QA RW SB SC SL SO SR ST SY TD TF TG TK TO TT TV UG VU WS YE ZW";

/// Names that are no code, without their accents and in capitals: our neighbours, and where our customers live.
const NAMES: &[(&str, &str)] = &[
    ("RDC", "CD"),
    ("RD CONGO", "CD"),
    ("DRC", "CD"),
    ("DR CONGO", "CD"),
    ("CONGO DRC", "CD"),
    ("CONGO RDC", "CD"),
    ("CONGO KINSHASA", "CD"),
    ("REPUBLIQUE DEMOCRATIQUE DU CONGO", "CD"),
    ("DEMOCRATIC REPUBLIC OF THE CONGO", "CD"),
    ("CONGO BRAZZAVILLE", "CG"),
    ("REPUBLIQUE DU CONGO", "CG"),
    ("REPUBLIC OF THE CONGO", "CG"),
    ("ANGOLA", "AO"),
    ("BURUNDI", "BI"),
    ("RWANDA", "RW"),
    ("UGANDA", "UG"),
    ("OUGANDA", "UG"),
    ("TANZANIA", "TZ"),
    ("TANZANIE", "TZ"),
    ("ZAMBIA", "ZM"),
    ("ZAMBIE", "ZM"),
    ("KENYA", "KE"),
    ("CAMEROON", "CM"),
    ("CAMEROUN", "CM"),
    ("GABON", "GA"),
    ("SENEGAL", "SN"),
    ("COTE D IVOIRE", "CI"),
    ("IVORY COAST", "CI"),
    ("NIGERIA", "NG"),
    ("SOUTH AFRICA", "ZA"),
    ("AFRIQUE DU SUD", "ZA"),
    ("MOROCCO", "MA"),
    ("MAROC", "MA"),
    ("BELGIUM", "BE"),
    ("BELGIQUE", "BE"),
    ("FRANCE", "FR"),
    ("GERMANY", "DE"),
    ("ALLEMAGNE", "DE"),
    ("SWITZERLAND", "CH"),
    ("SUISSE", "CH"),
    ("UNITED KINGDOM", "GB"),
    ("ROYAUME UNI", "GB"),
    ("UK", "GB"),
    ("CANADA", "CA"),
    ("UNITED STATES", "US"),
    ("ETATS UNIS", "US"),
    ("USA", "US"),
    ("CHINA", "CN"),
    ("CHINE", "CN"),
    ("UNITED ARAB EMIRATES", "AE"),
    ("EMIRATS ARABES UNIS", "AE"),
];

/// The code of a country that is written as one, or by a name that we know. "Congo" alone is either of two, and so is none.
#[must_use]
pub fn iso_code(written: &str) -> Option<&'static str> {
    let plain = plain(written);
    let code = |wanted: &str| CODES.split_ascii_whitespace().find(|code| *code == wanted);
    code(&plain).or_else(|| NAMES.iter().find(|(name, _)| *name == plain).and_then(|(_, iso)| code(iso)))
}

/// Whether a country has postcodes.
#[must_use]
pub fn has_postcodes(code: &str) -> bool {
    !WITHOUT_POSTCODES.split_ascii_whitespace().any(|without| without == code)
}

/// Capitals without accents, one space between words, no punctuation.
fn plain(written: &str) -> String {
    let letters: String = written
        .chars()
        .filter(|c| *c != '.')
        .map(|c| match c {
            'à' | 'â' | 'ä' | 'À' | 'Â' => 'A',
            'é' | 'è' | 'ê' | 'ë' | 'É' | 'È' | 'Ê' => 'E',
            'î' | 'ï' | 'Î' => 'I',
            'ô' | 'ö' | 'Ô' => 'O',
            'ù' | 'û' | 'ü' | 'Û' => 'U',
            'ç' | 'Ç' => 'C',
            c if c.is_alphanumeric() => c.to_ascii_uppercase(),
            _ => ' ',
        })
        .collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_known_by_its_code_and_its_names() {
        for congo in ["CD", "cd", "RDC", "R.D.C.", "Congo (DRC)", "République démocratique du Congo", "DR Congo", " RD  Congo "] {
            assert_eq!(iso_code(congo), Some("CD"), "{congo}");
        }
        assert_eq!(iso_code("Côte d’Ivoire"), Some("CI"));
        assert_eq!([iso_code("Congo"), iso_code("Atlantis"), iso_code("")], [None; 3]);
        assert!(!has_postcodes("CD") && has_postcodes("FR"));
        assert!(NAMES.iter().all(|(name, iso)| iso_code(name) == Some(*iso) && plain(name) == *name));
    }
}
