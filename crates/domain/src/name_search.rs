//! Finding a child by what a person types: 汉字, pinyin, pinyin initials, nickname, carer.
//!
//! Keys are computed once when a name is stored. Surnames have readings of their own (曾 is zēng, not céng), so the first
//! characters of a name are looked up in a table before the dictionary is asked.

use pinyin::{ToPinyin, ToPinyinMulti};
use serde::{Deserialize, Serialize};

/// Surnames of one character whose reading as a surname differs from their usual one, or that have several. The first counts as main.
const SURNAMES: &[(char, &[&str])] = &[
    ('曾', &["zeng"]),
    ('单', &["shan"]),
    ('仇', &["qiu"]),
    ('解', &["xie"]),
    ('区', &["ou"]),
    ('查', &["zha"]),
    ('盖', &["ge", "gai"]),
    ('朴', &["piao"]),
    ('任', &["ren"]),
    ('乐', &["yue", "le"]),
    ('员', &["yun"]),
    ('缪', &["miao"]),
    ('冼', &["xian"]),
    ('洗', &["xian"]),
    ('覃', &["qin", "tan"]),
    ('翟', &["zhai", "di"]),
    ('纪', &["ji"]),
    ('宁', &["ning"]),
    ('甯', &["ning"]),
    ('折', &["she", "zhe"]),
    ('晁', &["chao"]),
    ('召', &["shao"]),
    ('種', &["chong"]),
    ('种', &["chong"]),
    ('重', &["chong"]),
    ('黑', &["he", "hei"]),
    ('秘', &["bi", "mi"]),
    ('逄', &["pang"]),
    ('庞', &["pang"]),
    ('郇', &["xun", "huan"]),
    ('郗', &["xi", "chi"]),
    ('繁', &["po"]),
    ('过', &["guo"]),
    ('华', &["hua"]),
    ('尹', &["yin"]),
    ('尉', &["wei"]),
    ('车', &["che"]),
    ('称', &["chen"]),
    ('令', &["ling"]),
    ('娄', &["lou"]),
    ('那', &["na"]),
    ('能', &["nai"]),
    ('祭', &["zhai"]),
    ('瞿', &["qu"]),
    ('石', &["shi"]),
    ('沈', &["shen"]),
    ('盛', &["sheng"]),
    ('适', &["kuo"]),
    ('佴', &["nai"]),
    ('宿', &["su"]),
    ('陶', &["tao"]),
    ('万', &["wan"]),
    ('於', &["yu"]),
    ('余', &["yu"]),
    ('俞', &["yu"]),
    ('臧', &["zang"]),
    ('藏', &["zang"]),
    ('长', &["chang"]),
    ('仉', &["zhang"]),
    ('占', &["zhan"]),
    ('祝', &["zhu"]),
    ('么', &["yao"]),
    ('幺', &["yao"]),
    ('钭', &["tou"]),
    ('隗', &["wei", "kui"]),
    ('柏', &["bai", "bo"]),
    ('贾', &["jia"]),
    ('葛', &["ge"]),
    ('行', &["xing", "heng"]),
    ('降', &["jiang"]),
    ('强', &["qiang"]),
    ('曲', &["qu"]),
    ('阚', &["kan"]),
    ('谌', &["chen", "shen"]),
    ('褚', &["chu"]),
    ('句', &["gou"]),
    ('勾', &["gou"]),
    ('库', &["she", "ku"]),
    ('牟', &["mou", "mu"]),
    ('莘', &["shen", "xin"]),
    ('殷', &["yin"]),
    ('禚', &["zhuo"]),
];

/// Surnames of two characters with their readings.
const DOUBLE_SURNAMES: &[(&str, [&str; 2])] = &[
    ("尉迟", ["yu", "chi"]),
    ("欧阳", ["ou", "yang"]),
    ("万俟", ["mo", "qi"]),
    ("长孙", ["zhang", "sun"]),
    ("单于", ["chan", "yu"]),
    ("澹台", ["tan", "tai"]),
    ("宇文", ["yu", "wen"]),
    ("司马", ["si", "ma"]),
    ("司徒", ["si", "tu"]),
    ("司空", ["si", "kong"]),
    ("上官", ["shang", "guan"]),
    ("诸葛", ["zhu", "ge"]),
    ("夏侯", ["xia", "hou"]),
    ("皇甫", ["huang", "fu"]),
    ("令狐", ["ling", "hu"]),
    ("公孙", ["gong", "sun"]),
    ("慕容", ["mu", "rong"]),
    ("东方", ["dong", "fang"]),
    ("南宫", ["nan", "gong"]),
    ("独孤", ["du", "gu"]),
    ("呼延", ["hu", "yan"]),
    ("端木", ["duan", "mu"]),
    ("百里", ["bai", "li"]),
    ("鲜于", ["xian", "yu"]),
    ("申屠", ["shen", "tu"]),
    ("太史", ["tai", "shi"]),
    ("闾丘", ["lü", "qiu"]),
    ("濮阳", ["pu", "yang"]),
    ("淳于", ["chun", "yu"]),
    ("赫连", ["he", "lian"]),
    ("轩辕", ["xuan", "yuan"]),
    ("钟离", ["zhong", "li"]),
    ("拓跋", ["tuo", "ba"]),
    ("亓官", ["qi", "guan"]),
    ("纳兰", ["na", "lan"]),
    ("完颜", ["wan", "yan"]),
];

/// Readings of a name, character by character, so that a query may mix 汉字 and pinyin and use any reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ReadName {
    letters: Vec<char>,
    readings: Vec<Vec<String>>,
}

/// Everything a child is found by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchKey {
    names: Vec<ReadName>,
}

impl SearchKey {
    /// Computes the keys of a name, nicknames and landmarks, and carers' names. Empty texts are left out.
    pub fn new<'a>(
        name: &str,
        nicknames: impl IntoIterator<Item = &'a str>,
        carers: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut names = vec![read(name, true)];
        names.extend(nicknames.into_iter().map(|text| read(text, false)));
        names.extend(carers.into_iter().map(|text| read(text, true)));
        names.retain(|name| !name.letters.is_empty());
        Self { names }
    }

    /// Full pinyin of the name, for sorting a list the way people read it.
    pub fn pinyin(&self) -> String {
        self.names.first().map(full_pinyin).unwrap_or_default()
    }

    /// Initials of the name: `oyxm`.
    pub fn initials(&self) -> String {
        self.names.first().map(initials).unwrap_or_default()
    }
}

/// Full pinyin of a personal name, main readings, without tones: 曾小雨 is `zengxiaoyu`.
pub fn name_pinyin(name: &str) -> String {
    full_pinyin(&read(name, true))
}

/// Initials of a personal name: 欧阳小美 is `oyxm`.
pub fn name_initials(name: &str) -> String {
    initials(&read(name, true))
}

/// Does the query find this child? Several words must all be found; an empty query finds everybody.
pub fn matches(query: &str, key: &SearchKey) -> bool {
    query.split_whitespace().all(|word| {
        let word = fold(word);
        word.is_empty() || key.names.iter().any(|name| found_in(&word, name))
    })
}

/// The query, from some character of the name on: each character by itself, by a reading, or by the beginning of one.
fn found_in(query: &[char], name: &ReadName) -> bool {
    (0..name.letters.len()).any(|start| {
        // Positions in the query that the characters so far can account for.
        let mut reached = vec![false; query.len() + 1];
        reached[0] = true;
        for place in start..name.letters.len() {
            let mut next = vec![false; query.len() + 1];
            for from in (0..query.len()).filter(|from| reached[*from]) {
                if query[from] == name.letters[place] {
                    next[from + 1] = true;
                }
                for reading in &name.readings[place] {
                    for (length, letter) in reading.chars().enumerate() {
                        if query.get(from + length) != Some(&letter) {
                            break;
                        }
                        next[from + length + 1] = true;
                    }
                }
            }
            if next[query.len()] {
                return true;
            }
            reached = next;
        }
        false
    })
}

fn full_pinyin(name: &ReadName) -> String {
    name.letters
        .iter()
        .zip(&name.readings)
        .map(|(letter, readings)| {
            readings
                .first()
                .cloned()
                .unwrap_or_else(|| letter.to_string())
        })
        .collect()
}

fn initials(name: &ReadName) -> String {
    name.letters
        .iter()
        .zip(&name.readings)
        .filter_map(|(letter, readings)| {
            readings
                .first()
                .map_or(Some(*letter), |reading| reading.chars().next())
        })
        .collect()
}

fn read(text: &str, with_surname: bool) -> ReadName {
    let letters = fold(text);
    let mut readings: Vec<Vec<String>> = letters.iter().map(|letter| dictionary(*letter)).collect();
    if with_surname {
        let start: String = letters.iter().take(2).collect();
        if let Some((_, double)) = DOUBLE_SURNAMES.iter().find(|(name, _)| *name == start) {
            for (place, reading) in double.iter().enumerate() {
                put_first(&mut readings[place], &[reading]);
            }
        } else if let Some(first) = letters.first()
            && let Some((_, own)) = SURNAMES.iter().find(|(name, _)| name == first)
        {
            put_first(&mut readings[0], own);
        }
    }
    ReadName { letters, readings }
}

/// A surname's own readings first; what the dictionary says stays findable behind them.
fn put_first(readings: &mut Vec<String>, own: &[&str]) {
    let own: Vec<String> = own.iter().map(|reading| plain(reading)).collect();
    readings.retain(|reading| !own.contains(reading));
    readings.splice(0..0, own);
}

/// All readings of a character, the usual one first; none for letters, digits and characters the dictionary lacks.
fn dictionary(letter: char) -> Vec<String> {
    let mut readings: Vec<String> = letter
        .to_pinyin()
        .map(|it| plain(it.plain()))
        .into_iter()
        .collect();
    if let Some(all) = letter.to_pinyin_multi() {
        for one in all {
            let reading = plain(one.plain());
            if !readings.contains(&reading) {
                readings.push(reading);
            }
        }
    }
    readings
}

/// People type lv or lu for lü; the key has v.
fn plain(reading: &str) -> String {
    reading.replace('ü', "v")
}

/// Lower case, half width, without spaces and the marks between parts of a name.
fn fold(text: &str) -> Vec<char> {
    text.chars()
        .map(|letter| match letter {
            '！'..='～' => char::from_u32(letter as u32 - 0xFEE0).unwrap_or(letter),
            'ü' | 'Ü' => 'v',
            other => other,
        })
        .filter(|letter| {
            !letter.is_whitespace()
                && !matches!(letter, '·' | '•' | '・' | '‧' | '.' | '-' | '\'' | '’')
        })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> SearchKey {
        SearchKey::new(name, [], [])
    }

    #[test]
    fn surnames_are_read_as_surnames() {
        for (name, pinyin) in [
            ("曾小雨", "zengxiaoyu"),
            ("单雨桐", "shanyutong"),
            ("仇建国", "qiujianguo"),
            ("解子轩", "xiezixuan"),
            ("区梓涵", "ouzihan"),
            ("查浩宇", "zhahaoyu"),
            ("尉迟小美", "yuchixiaomei"),
            ("欧阳小美", "ouyangxiaomei"),
            ("万俟小美", "moqixiaomei"),
            ("万小美", "wanxiaomei"),
        ] {
            assert_eq!(name_pinyin(name), pinyin, "{name}");
        }
        assert_eq!(name_initials("欧阳小美"), "oyxm");
        assert_eq!(name_initials("单雨桐"), "syt");
    }

    #[test]
    fn a_child_is_found_by_characters_initials_and_pinyin() {
        let key = key("曾小雨");
        for query in [
            "曾小雨",
            "小雨",
            "雨",
            "zxy",
            "ZXY",
            "xy",
            "zengxiaoyu",
            "zeng",
            "zengxy",
            "曾xy",
            "xiaoyu",
            "ｚｘｙ",
            "",
            " 曾 雨 ",
        ] {
            assert!(matches(query, &key), "{query}");
        }
        for query in ["曾雨小", "zyx", "wang", "zengxiaoyua", "李"] {
            assert!(!matches(query, &key), "{query}");
        }
    }

    #[test]
    fn another_reading_still_finds_the_child() {
        assert!(matches("ceng", &key("曾小雨")));
        assert!(matches("dan", &key("单雨桐")));
        assert!(matches("lv", &key("吕小布")) && matches("lü", &key("吕小布")));
    }

    #[test]
    fn nickname_and_carer_find_the_child_too() {
        let key = SearchKey::new("石小晨", ["小石头", "桥头第二家"], ["王秀兰"]);
        for query in ["小石头", "xst", "桥头", "qt", "王秀兰", "wxl", "秀兰"] {
            assert!(matches(query, &key), "{query}");
        }
        assert!(matches("石 王", &key));
        assert!(!matches("石 李", &key));
    }

    #[test]
    fn rare_characters_and_middle_dots_do_no_harm() {
        let rare = key("王𬭎");
        assert!(matches("𬭎", &rare) && matches("王𬭎", &rare) && matches("w", &rare));
        let dotted = key("买买提·艾力");
        for query in [
            "买买提",
            "艾力",
            "买买提·艾力",
            "买买提艾力",
            "mmt",
            "mmtal",
            "maimaiti",
        ] {
            assert!(matches(query, &dotted), "{query}");
        }
        for odd in ["", "·", "🙂", "a\u{0301}", "\u{0}", "王\u{FE00}"] {
            let key = key(odd);
            assert!(matches("", &key));
            let _ = (matches(odd, &key), key.pinyin(), key.initials());
        }
    }

    #[test]
    fn a_long_query_on_a_long_name_ends_soon() {
        let name = "艾".repeat(72);
        assert!(matches(&"a".repeat(60), &key(&name)));
        assert!(!matches(&"ai".repeat(300), &key(&name)));
    }
}
