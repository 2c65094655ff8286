//! Why a form pack or an expression in it is refused.
//!
//! The reader of these sentences is the person who writes packs, so they are Chinese like the pack itself.

use super::expression::Kind;
use thiserror::Error;

/// A pack that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PackError {
    /// Larger than any honest pack.
    #[error("表太大：{0} 字节")]
    TooLarge(usize),
    /// Not JSON, or not the shape of a pack.
    #[error("读不懂这份表：{0}")]
    Malformed(String),
    /// A place in the pack is wrong.
    #[error("“{place}”：{fault}")]
    Fault {
        /// Question or section key, or the pack's own field.
        place: String,
        /// What is wrong there.
        fault: PackFault,
    },
}

/// What is wrong at one place of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PackFault {
    /// A type this engine does not know.
    #[error("没有“{0}”这种题型")]
    UnknownType(String),
    /// A key or code with other characters than `a-z A-Z 0-9 _`.
    #[error("“{0}”不能作编码，只能用字母、数字和下划线")]
    BadCode(String),
    /// A key or code used twice.
    #[error("“{0}”用了两次")]
    Duplicate(String),
    /// A question of choices without any, or another with some.
    #[error("选项和题型对不上")]
    Options,
    /// The pack writes the code that the engine adds itself.
    #[error("“na”由系统自动加上，选项里不要写")]
    ReservedCode,
    /// A rule names a code the question has not.
    #[error("没有选项“{0}”")]
    UnknownCode(String),
    /// A section or question does not exist.
    #[error("没有“{0}”")]
    UnknownKey(String),
    /// Rows have no last time each of them could be compared with.
    #[error("可以加几行的部分不能用“和上次一样”")]
    RepeatSame,
    /// Members of the household are offered for texts only.
    #[error("只有文字题可以从家里人里选")]
    People,
    /// A line of `x_file` that is no rule.
    #[error("“{0}”不是能用的写法")]
    BadFeed(String),
    /// Nothing is in it.
    #[error("是空的")]
    Empty,
    /// An expression is wrong.
    #[error("{field} 的算式“{source_text}”有错：{cause}")]
    Expression {
        /// Which field holds it.
        field: String,
        /// The expression as written.
        source_text: String,
        /// What is wrong with it.
        cause: ExpressionFault,
    },
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExpressionFault {
    /// Longer than allowed.
    #[error("太长")]
    TooLong,
    /// Nested deeper than allowed.
    #[error("套得太深")]
    TooDeep,
    /// It stops too early.
    #[error("没有写完")]
    Unfinished,
    /// A sign that does not belong there.
    #[error("第 {position} 个字“{found}”不该在这里")]
    Unexpected {
        /// One-based character.
        position: usize,
        /// What stands there.
        found: String,
    },
    /// No question or fact of that name.
    #[error("没有叫“{0}”的题，也没有这个资料项")]
    UnknownName(String),
    /// The question comes later in the form.
    #[error("“{0}”排在这一题后面，这里还不能用")]
    LaterQuestion(String),
    /// A session question cannot ask one child's answer.
    #[error("“{0}”每个孩子各不相同，家庭部分不能用")]
    ChildName(String),
    /// A row's question used outside its rows.
    #[error("“{0}”每行各不相同，这里只能用 count 或 sum")]
    RowName(String),
    /// No function of that name.
    #[error("没有叫“{0}”的函数")]
    UnknownFunction(String),
    /// Wrong number of arguments.
    #[error("函数“{0}”的参数个数不对")]
    ArgumentCount(String),
    /// The code must be written as a constant.
    #[error("函数“{0}”的选项要直接写出来")]
    CodeNotConstant(String),
    /// Not a pattern that can be used.
    #[error("“{0}”不是能用的格式；要直接写出来，不能太长，也不能前后参照")]
    BadPattern(String),
    /// The question has no such option.
    #[error("“{question}”没有选项“{code}”")]
    UnknownCode {
        /// Question.
        question: String,
        /// Code.
        code: String,
    },
    /// Another kind of value is needed.
    #[error("这里要{}，写的却是{}", expected.word(), found.word())]
    WrongKind {
        /// Needed.
        expected: Kind,
        /// Written.
        found: Kind,
    },
    /// Two kinds that cannot be compared so.
    #[error("{}和{}不能这样比", left.word(), right.word())]
    NotComparable {
        /// Left kind.
        left: Kind,
        /// Right kind.
        right: Kind,
    },
}
