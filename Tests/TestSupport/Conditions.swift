public import Testing

extension Trait where Self == ConditionTrait {
    public static var needsPillow: Self {
        .enabled(if: Oracle.python != nil, "SQZ_PYTHON names no Python with numpy and Pillow")
    }
}
