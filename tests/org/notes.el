;;; notes.el --- What explog-note.el makes of a text -*- lexical-binding: t; -*-

;;; Commentary:

;; Answers [TEXT STEP NOTE], where TEXT begins with the heading of an experiment, by the text with
;; the note on the step, or by null where it is refused; see answer.el.

;;; Code:

(require 'explog-note)

(defun notes-noted (question)
  "Return the text of QUESTION with its note on its step, or nil if that is refused."
  (pcase-let ((`(,text ,step ,note) question))
    (with-temp-buffer
      (insert text)
      (delay-mode-hooks (org-mode))
      (goto-char (point-min))
      (condition-case nil
          (progn (explog-note--put (cons "1" step) note)
                 (buffer-string))
        (user-error nil)))))

;;; notes.el ends here
