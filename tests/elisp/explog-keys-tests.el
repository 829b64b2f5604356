;;; explog-keys-tests.el --- Tests of keys with evil and meow  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; The keys that the header lines name do in evil what they say.  Evil is
;; loaded by an Emacs of its own, as it changes keys everywhere.

;;; Code:

(require 'explog-test)

(defvar meow-mode-state-list)

(defconst explog-keys-tests--keys
  '((explog-check explog-check-mode "RET" "n" "p" "m" "M" "TAB" "g" "q")
    (explog-backfill explog-backfill-mode "RET" "n" "p" "a" "k" "u" "x" "v" "g" "q")
    (explog-search explog-search-mode "RET" "n" "p" "s" "g" "q")
    (explog-history explog-history-mode "RET" "g" "q")
    (explog-doctor explog-doctor-mode "n" "TAB" "g" "q")
    (explog-install explog-install-mode "C-c C-k" "q"))
  "Libraries, their modes, and keys that these have.")

(defconst explog-keys-tests--program
  '(progn
     (require 'evil)
     (evil-mode 1)
     (pcase-dolist (`(,library ,mode . ,keys) explog-keys-tests--keys)
       (require library)
       (with-temp-buffer
         (funcall mode)
         (evil-initialize)
         (dolist (key keys)
           (unless (eq (key-binding (kbd key)) (lookup-key (current-local-map) (kbd key)))
             (princ (format "%s: %s is %S\n" mode key (key-binding (kbd key))))))
         (unless (eq (key-binding "j") 'evil-next-line)
           (princ (format "%s: j is %S\n" mode (key-binding "j"))))))
     (princ "done"))
  "What an Emacs with evil does: name the keys that are not those of the mode.")

(defun explog-keys-tests--evil ()
  "Return the folders of evil and what it needs, or nil if it is not installed."
  (let ((folders (append (file-expand-wildcards "/usr/share/emacs/site-lisp/elpa*/evil-[0-9]*")
                         (file-expand-wildcards "/usr/share/emacs/site-lisp/elpa*/goto-chg-[0-9]*")
                         load-path)))
    (and (locate-file "evil.el" folders) folders)))

(ert-deftest explog-keys-test-evil ()
  "The keys of the modes are those that their headers name, and j still moves."
  (skip-unless (explog-keys-tests--evil))
  (with-temp-buffer
    (call-process (expand-file-name invocation-name invocation-directory) nil t nil
                  "-Q" "--batch" "--eval"
                  (format "%S" `(progn (setq load-path ',(explog-keys-tests--evil)
                                             explog-keys-tests--keys ',explog-keys-tests--keys)
                                       ,explog-keys-tests--program)))
    (should (string-suffix-p "done" (buffer-string)))
    (should-not (string-match-p "-mode: " (buffer-string)))))

(ert-deftest explog-keys-test-own-state ()
  "A state that the user has chosen stays, in evil and in meow."
  (let ((meow-mode-state-list '((explog-keys-tests-mine . normal)))
        (after-load-alist nil)
        (load-file-name nil)
        set)
    (cl-letf (((symbol-function 'evil-initial-state)
               (lambda (mode &rest _) (and (eq mode 'explog-keys-tests-mine) 'emacs)))
              ((symbol-function 'evil-set-initial-state)
               (lambda (mode state) (push (cons mode state) set)))
              ((symbol-function 'evil-make-overriding-map) #'ignore))
      (dolist (mode '(explog-keys-tests-mine explog-keys-tests-other))
        (explog-keep-keys mode (make-sparse-keymap)))
      (should-not set)                  ; neither is loaded
      (unwind-protect
          (progn (provide 'evil)
                 (provide 'meow))
        (setq features (delq 'evil (delq 'meow features))))
      (should (equal '((explog-keys-tests-other . motion)) set))
      (should (equal '((explog-keys-tests-other . insert)
                       (explog-keys-tests-mine . normal))
                     meow-mode-state-list)))))

(provide 'explog-keys-tests)
;;; explog-keys-tests.el ends here
