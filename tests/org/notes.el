;;; notes.el --- What explog-note.el makes of a text -*- lexical-binding: t; -*-

;;; Commentary:

;; Run as `emacs -Q --batch -L ELISP -l notes.el -f notes-answer IN OUT'.  IN is a JSON file, a list
;; of [TEXT STEP NOTE], where TEXT begins with the heading of an experiment; to OUT goes the list of
;; the texts with the note on the step, null where it is refused.

;;; Code:

;; Most of the time would go into collecting garbage.
(setq gc-cons-threshold (* 64 1024 1024))

(require 'explog-note)
(require 'json)

(defun notes-answer ()
  "Answer the questions in the file that the command line names."
  (let* ((json-array-type 'list) (coding-system-for-write 'utf-8-unix)
         (coding-system-for-read 'utf-8-unix)
         (asked (json-read-file (pop command-line-args-left))))
    (with-temp-file (pop command-line-args-left)
      (insert (json-encode (vconcat (mapcar (lambda (one) (apply #'notes-noted one)) asked)))))))

(defun notes-noted (text step note)
  "Return TEXT with NOTE on STEP, or nil if that is refused."
  (with-temp-buffer
    (insert text)
    (delay-mode-hooks (org-mode))
    (goto-char (point-min))
    (condition-case nil
        (progn (explog-note--put (cons "1" step) note)
               (buffer-string))
      (user-error nil))))

;;; notes.el ends here
