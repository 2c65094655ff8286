//! Names of people and places that belong to nobody in particular.

use super::dice::Dice;

const COMMON: [&str; 10] = ["王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周"];
const OTHERS: [&str; 50] = [
    "徐", "孙", "马", "朱", "胡", "郭", "何", "高", "林", "罗", "郑", "梁", "谢", "宋", "唐", "许",
    "韩", "冯", "邓", "曹", "彭", "曾", "肖", "田", "董", "袁", "潘", "于", "蒋", "蔡", "余", "杜",
    "叶", "程", "苏", "魏", "吕", "丁", "任", "沈", "姚", "卢", "姜", "崔", "钟", "谭", "陆", "汪",
    "石", "顾",
];
/// Surnames with a reading of their own, to test the search.
const RARE: [&str; 6] = ["仇", "单", "区", "解", "欧阳", "尉迟"];

const BOYS: [&str; 36] = [
    "子轩", "浩宇", "宇轩", "俊杰", "子涵", "梓豪", "一鸣", "嘉豪", "浩然", "天佑", "子墨", "宸宇",
    "睿", "博文", "晨阳", "家乐", "志远", "小川", "昊天", "铭泽", "乐天", "景行", "思源", "文博",
    "星宇", "亦航", "明轩", "小晨", "锦程", "泽宇", "奕辰", "佳明", "永康", "小龙", "嘉树", "云帆",
];
const GIRLS: [&str; 36] = [
    "梓涵", "雨桐", "欣怡", "诗涵", "可馨", "雨萱", "佳怡", "思彤", "小雨", "紫涵", "语嫣", "梦瑶",
    "静怡", "若曦", "婉清", "小满", "心悦", "安琪", "艺涵", "晓彤", "灵儿", "依诺", "诗琪", "芷若",
    "雅婷", "思雨", "小荷", "星玥", "沐晴", "念安", "佳音", "乐怡", "子衿", "清禾", "小暖", "书瑶",
];
const FATHERS: [&str; 24] = [
    "伟", "强", "磊", "军", "勇", "超", "鹏", "斌", "海峰", "志刚", "国栋", "建军", "小兵", "永明",
    "文杰", "晓东", "立新", "大伟", "俊峰", "志伟", "卫东", "庆华", "根林", "海涛",
];
const MOTHERS: [&str; 24] = [
    "芳", "敏", "静", "丽", "艳", "娟", "霞", "红梅", "丽萍", "晓燕", "春花", "海燕", "玉兰",
    "小红", "雪梅", "秋菊", "翠萍", "文娟", "惠珍", "莉莉", "美玲", "冬梅", "金凤", "彩霞",
];
const GRANDFATHERS: [&str; 20] = [
    "建国", "国强", "根生", "金根", "福明", "永福", "阿根", "德明", "志明", "水根", "解放", "正华",
    "兴发", "宝根", "长林", "文华", "大根", "玉林", "仁德", "炳生",
];
const GRANDMOTHERS: [&str; 20] = [
    "秀英", "桂兰", "秀兰", "玉珍", "凤英", "桂英", "阿妹", "玉兰", "秀珍", "巧云", "金妹", "素珍",
    "月娥", "菊英", "兰英", "水英", "惠英", "美珍", "杏芳", "招娣",
];

/// Names that fonts and name fields must bear.
pub(super) const TRYING: [(&str, &str); 5] = [
    ("买买提·艾力", "05"),
    ("王𬭎", "01"),
    ("阿依古丽·吐尔逊", "05"),
    ("刘㛃", "01"),
    ("扎西·多吉", "04"),
];

/// Who a given name is for.
#[derive(Clone, Copy)]
pub(super) enum Generation {
    Child { girl: bool },
    Parent { woman: bool },
    Grandparent { woman: bool },
}

pub(super) fn surname(dice: &mut Dice) -> &'static str {
    if dice.chance(400) {
        dice.pick(&COMMON)
    } else if dice.chance(40) {
        dice.pick(&RARE)
    } else {
        dice.pick(&OTHERS)
    }
}

pub(super) fn given(dice: &mut Dice, generation: Generation) -> &'static str {
    match generation {
        Generation::Child { girl: true } => dice.pick(&GIRLS),
        Generation::Child { girl: false } => dice.pick(&BOYS),
        Generation::Parent { woman: true } => dice.pick(&MOTHERS),
        Generation::Parent { woman: false } => dice.pick(&FATHERS),
        Generation::Grandparent { woman: true } => dice.pick(&GRANDMOTHERS),
        Generation::Grandparent { woman: false } => dice.pick(&GRANDFATHERS),
    }
}

/// Township, village and its place in the region code.
pub(super) fn village(index: u32) -> (&'static str, String, String) {
    const NAMED: [(&str, &str, &str); 10] = [
        ("芦汀镇", "白荷村", "310199100201"),
        ("芦汀镇", "东灶村", "310199100202"),
        ("芦汀镇", "双桥湾村", "310199100203"),
        ("芦汀镇", "永宁圩村", "310199100204"),
        ("桑桥镇", "桑园村", "310199101201"),
        ("桑桥镇", "石碾村", "310199101202"),
        ("桑桥镇", "新沟头村", "310199101203"),
        ("桑桥镇", "南荡村", "310199101204"),
        ("云渡街道", "晨光居民区", "310199001001"),
        ("云渡街道", "柳浪居民区", "310199001002"),
    ];
    match NAMED.get(index as usize) {
        Some((township, name, region)) => (township, (*name).to_owned(), (*region).to_owned()),
        None => (
            "桑桥镇",
            format!("桑桥{}村", index - 5),
            format!("3101991{:02}{}", 2 + index / 190, 205 + index % 190),
        ),
    }
}

/// Cities parents work in; never more precise.
pub(super) const CITIES: [(&str, u32); 12] = [
    ("上海市区", 30),
    ("上海嘉定", 15),
    ("上海松江", 10),
    ("江苏苏州", 12),
    ("江苏昆山", 9),
    ("浙江嘉兴", 7),
    ("浙江宁波", 5),
    ("安徽合肥", 4),
    ("河南郑州", 2),
    ("广东东莞", 3),
    ("福建泉州", 1),
    ("日本", 2),
];

/// What stands at the gate.
pub(super) const LANDMARKS: [&str; 14] = [
    "桥头第二家",
    "红铁门",
    "门口有棵枇杷树",
    "小卖部后面",
    "老祠堂隔壁",
    "河埠头边上",
    "村卫生室对面",
    "蓝色卷帘门",
    "水塔下面",
    "机耕路尽头",
    "门口停着三轮车",
    "晒谷场东边",
    "公交站往里走五十米",
    "白墙黑瓦带院子",
];
